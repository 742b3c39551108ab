"""Optimisers, one file each, on a common base."""
