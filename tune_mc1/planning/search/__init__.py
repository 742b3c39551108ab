"""Search algorithms, one per file; base class and registry are in `tune_mc1.config.search`."""
