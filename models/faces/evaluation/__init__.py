"""What the trained face VAE is worth, measured on the test portraits."""
