"""Results in an object store, and whether all nodes share the place of results."""
