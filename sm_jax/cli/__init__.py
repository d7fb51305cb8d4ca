"""`sm-jax`: one file a command."""
