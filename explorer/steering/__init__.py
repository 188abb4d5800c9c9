"""Directions: finding, keeping and applying them."""
