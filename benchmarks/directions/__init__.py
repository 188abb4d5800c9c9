"""Directions measured: what an edit changes, what else it changes, and how near it comes to the truth."""
