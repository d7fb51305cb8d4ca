"""TensorFlow.js graphs, run in JAX."""
