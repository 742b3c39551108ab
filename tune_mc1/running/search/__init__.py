"""Search algorithms on Ray Tune."""
