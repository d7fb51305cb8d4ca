"""Motion capture of any skeleton as SMPL motion, and SMPL motion on other bodies."""
