"""Training of the face VAE, on rendered portraits or on pictures of one's own."""
