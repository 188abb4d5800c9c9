"""The app around the models: what one running app shares, operations on latents, and the page."""
