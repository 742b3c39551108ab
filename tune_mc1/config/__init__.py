"""Typed, validated configuration: one trial, one sweep, and the reader of sweep files."""
