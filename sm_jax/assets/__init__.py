"""Models and sample clips that are pulled from package registries, verified by hash, and kept in a cache."""
