"""The networks, Flax linen only: they know neither the diffusion process nor the body."""
