"""Frozen benchmarks, the guards that stand in every table, and the run that scores methods on them."""
