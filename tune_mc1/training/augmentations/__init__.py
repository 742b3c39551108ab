"""Augmentations that ship with the package, one file each; torch is imported inside functions."""
