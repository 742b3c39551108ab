"""Results of a sweep in the files of other tools."""
