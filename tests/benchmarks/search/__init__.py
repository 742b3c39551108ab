"""How much training searches need to find how good a setting: ours and peers on recorded curves."""
