"""The page: sweeps in a browser, live, read from their result directories."""
