"""Data sources, a file each: `tune_mc1.data.source` has their base class and registry."""
