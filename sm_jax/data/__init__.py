"""Motion of two people: the schema, the readers of its sources, the loader, and the simulated observer."""
