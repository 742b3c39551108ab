"""Conclusions of the reference study, checked against results."""
