"""Weights & Biases: one run per trial, written by a separate process."""
