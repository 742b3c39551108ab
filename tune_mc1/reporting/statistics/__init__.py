"""Statistics over the trials of a sweep."""
