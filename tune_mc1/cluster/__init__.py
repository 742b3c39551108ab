"""Ray, cluster files and remote jobs."""
