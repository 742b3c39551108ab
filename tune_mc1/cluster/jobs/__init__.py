"""Sweeps submitted to a cluster as Ray jobs."""
