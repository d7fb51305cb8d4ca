"""Pure maths on rotations, cameras and point sets, with finite gradients and any number of leading axes."""
