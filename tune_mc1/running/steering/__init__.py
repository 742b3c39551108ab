"""Steering of a sweep while it runs: requests are taken up, carried out and answered."""
