"""A sweep from outside of a cluster, as a Ray job."""
