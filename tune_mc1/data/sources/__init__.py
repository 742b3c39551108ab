"""Data sources, one file each; base class and registry are in `tune_mc1.data.source`."""
