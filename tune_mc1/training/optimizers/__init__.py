"""Optimisers: one file each, over a small base."""
