"""What can go wrong without anything being broken: the texts are for the person who waits."""

from __future__ import annotations


class InputError(ValueError):
    """What a person or program asked for cannot be done; the text is a sentence for them."""


class CannotEncodeError(InputError):
    """The model has no encoder."""


class ModelUnavailableError(RuntimeError):
    """The model's weights cannot be had here; the text says why and names the way out."""
