"""Running a sweep: driver, workers, search, schedulers, Ray callbacks."""
