"""Typed, validated configuration of trials and sweeps, and the reader of sweep files."""
