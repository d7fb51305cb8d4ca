"""How good a method is: metrics, protocols, baselines, benchmarks and their reports."""
