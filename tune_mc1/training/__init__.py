"""Training of one trial or a fused group, with torch and Lightning; knows no Ray."""
