"""Pure maths on rotations, cameras and point sets. Every function has finite gradients and any number of leading axes."""
