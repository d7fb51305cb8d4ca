"""What the two people do, in words and as contacts: who says it (describers), and what networks and energies read."""
