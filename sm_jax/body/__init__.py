"""The body: its skeleton's names, the SMPL layer, the files it is loaded from, capsules and surface points."""
