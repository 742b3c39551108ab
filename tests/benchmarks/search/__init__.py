"""How much training a search needs to find how good a setting: ours and its peers on recorded tables."""
