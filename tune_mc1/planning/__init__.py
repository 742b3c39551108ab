"""Planning: from a sweep file to trials, groups and resources; imports neither torch nor Ray."""
