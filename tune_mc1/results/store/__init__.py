"""Results in an object store, and checks that all nodes share the result location."""
