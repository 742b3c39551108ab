"""Trained networks: loaded from checkpoints, used on images, exported."""
