"""Pure functions on latents: tensors in, tensors out; they know no model and no page."""
