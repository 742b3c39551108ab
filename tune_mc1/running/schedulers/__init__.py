"""Trial schedulers on Ray Tune."""
