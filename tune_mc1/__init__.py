"""Hyperparameter sweeps for image classifiers on Ray."""

__version__ = "0.1.0"
