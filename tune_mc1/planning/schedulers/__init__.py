"""Early termination, one file per type; the registry is in `tune_mc1.config.early_terminate`."""
