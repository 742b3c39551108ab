"""The commands as Python: sweeps that are started, opened, read and plotted."""
