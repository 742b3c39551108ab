"""A user's own program as a trial: its command, environment, process and logged metrics."""
