"""A few values by which what was built is tried on the processor itself, whatever that says it can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from models.runtimes.building import Way
from models.runtimes.judging import Closeness, closeness


@dataclass(frozen=True)
class Trial:
    """Latents, and what PyTorch makes of them: values by the decoder, and of these latents by the encoder."""

    latents: Tensor
    values: Tensor
    encoded: Tensor

    def closeness(self, way: Way, run: Callable[[Tensor], Tensor]) -> Closeness:
        """How close a way comes to PyTorch's."""
        if way == "encode":
            return closeness(run(self.values), self.encoded)
        return closeness(run(self.latents), self.values)
