"""Report page, slides and their tables."""
