"""Training: examples, losses, steps over many devices, checkpoints, and the weights that ship."""
