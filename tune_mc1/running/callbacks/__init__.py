"""What Ray Tune calls while a sweep runs: result files, W&B, the terminal."""
