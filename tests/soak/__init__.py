"""A long sweep under fire: `python -m tests.soak`."""
