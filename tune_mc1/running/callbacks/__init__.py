"""Ray Tune callbacks: recording, progress, hung trials, spare process."""
