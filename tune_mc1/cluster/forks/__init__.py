"""Processes of our own Ray as forks of one that has imported the libraries."""
