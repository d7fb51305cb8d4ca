"""One reader a dataset. A reader returns landmarks and never fits a body: that is `sm_jax.fitting`'s task."""
