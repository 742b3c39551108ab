"""Commands: flags in, calls, printed output."""
