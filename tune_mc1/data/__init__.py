"""Image data sets: sources, splits, and batches from memory."""
