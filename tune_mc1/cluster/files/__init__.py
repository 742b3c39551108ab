"""Cluster files: reading, checks, machines, prices, and dry runs on them."""
