"""Kinds of search, a file each: `tune_mc1.config.search` has their base class and registry."""
