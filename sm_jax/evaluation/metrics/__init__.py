"""Numpy, float64: they share nothing with what they judge."""
