"""Models: built from the architectures that `tune_mc1.config.architectures` declares."""
