"""Files for clusters: reading and checking them, their machines, prices, and a dry run on them."""
