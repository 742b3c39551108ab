"""Kinds of figures, one per file; each registers itself (`tune_mc1.reporting.figure_kinds`)."""
