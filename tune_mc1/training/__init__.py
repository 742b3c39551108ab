"""Training of one trial or a fused group with PyTorch and Lightning, independent of Ray."""
