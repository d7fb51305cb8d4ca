"""Values of configurations. The package never imports them."""
