"""Decoding of small batches by CUDA graphs: recorded once, and launched as one piece.

Written without a GPU at hand: sizes are reasoned, not measured, and `policy` checks the pictures.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from models.base import LatentSpace
from models.media import Media

BATCHES = (16, 4, 1)  # pictures of a graph; largest first, so that the smaller ones fit into its memory
NUMBERS = 3 * 512**2  # of all values of a graph: more keep a GPU busy for longer than launching takes
WARM_UP = 3  # calls before recording, in which the libraries choose their kernels

Recorded = tuple[Tensor, Callable[[], object]]
"""What a function returned, and what computes it anew from its inputs, in the same memory."""

Record = Callable[[Callable[[], Tensor]], Recorded]


def batches(media: Media) -> list[int]:
    """Batch sizes worth a graph, largest first; none where one value is work enough."""
    return [n for n in BATCHES if n * math.prod(media.shape) <= NUMBERS]


class GraphedDecoder:
    """Decodes a batch in the smallest graph that holds it, and one that none holds without a graph.

    A decoder is tens to hundreds of short kernels, and launching them one by one from Python takes longer
    than they do. The memory of the largest graph is kept as long as the decoder. Any thread may decode, but
    only one in the process may make a decoder at a time.
    """

    def __init__(
        self, decode: Callable[[Tensor], Tensor], space: LatentSpace, media: Media, device: torch.device
    ) -> None:
        """`decode` must do all its work on the device; raises RuntimeError where it cannot be recorded."""
        self._decode, self._lock = decode, threading.Lock()
        record = _recorder()
        self._graphs: dict[int, tuple[Tensor, Recorded]] = {}
        for n in batches(media):
            latents = torch.zeros(n, *space.shape, device=device)
            self._graphs[n] = latents, record(partial(decode, latents))

    def __call__(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, "n 3 h w"]:
        """Images of float32 latents on the device."""
        n = len(latents)
        smallest = min((size for size in self._graphs if size >= n), default=None)
        if smallest is None:
            return self._decode(latents)
        inputs, (images, replay) = self._graphs[smallest]
        with self._lock:  # all callers share the graphs' memory
            inputs[:n] = latents
            replay()
            return images[:n].clone()


def _recorder() -> Record:
    """Records CUDA graphs that share their memory: no two run at once, and what they return is copied."""
    pool, stream = torch.cuda.graph_pool_handle(), torch.cuda.Stream()

    def record(function: Callable[[], Tensor]) -> Recorded:
        before, graph = torch.cuda.current_stream(), torch.cuda.CUDAGraph()
        stream.wait_stream(before)
        with torch.cuda.stream(stream):  # around both: where recording fails, PyTorch does not leave it
            for _ in range(WARM_UP):
                function()
            # Others may use the device meanwhile: only what this thread does must be fit for recording.
            with torch.cuda.graph(graph, pool=pool, stream=stream, capture_error_mode="thread_local"):
                images = function()
        before.wait_stream(stream)
        return images, graph.replay

    return record
