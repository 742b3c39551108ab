"""Steering of a running sweep: requests, which are files in its directory, and their answers."""
