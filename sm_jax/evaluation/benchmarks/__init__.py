"""Clips with a known truth, frozen or simulated."""
