"""Toy models of every kind of latent and media: no weights, no download, for tests and for reading."""
