"""Ray itself, cluster files and remote jobs."""
