"""From measured points to SMPL motion."""
