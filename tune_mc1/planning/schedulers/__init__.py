"""Early termination, a file a type: `tune_mc1.config.early_terminate` has their registry."""
