"""A simulated camera and front-end: what an estimator would make of a true motion."""
