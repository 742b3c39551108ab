"""Experiment trackers, fed from the journal."""
