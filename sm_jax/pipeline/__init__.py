"""What the product does, on the host: observe, describe, reconstruct, and write a folder."""
