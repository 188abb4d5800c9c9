"""What the decode worker measures about itself, for Prometheus and for the page."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from explorer.device.jobs import Batch, Op, Request, count_rows
from models.base import LatentModel

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
PICTURES = (1, 2, 4, 8, 16, 32, 64)
RECENT = 10  # batches: the average is over about so many


@dataclass
class _Pace:
    """Moving average of a frame's device time in one way of decoding."""

    way: str
    batches: int = 0
    ms: float = 0.0

    def take(self, ms: float) -> None:
        self.batches += 1
        self.ms += (ms - self.ms) / min(self.batches, RECENT)


class Telemetry:
    """Counters and histograms of one worker, in a registry of their own; safe to use from any thread."""

    def __init__(self, waiting: Callable[[], float], kept_bytes: Callable[[], float]) -> None:
        """`waiting` tells how many requests wait now, `kept_bytes` the size of the kept pictures."""
        self._paces: dict[tuple[str, Op], _Pace] = {}  # by model
        self._registry = CollectorRegistry()
        self._batches = self._make(Histogram, "batch_pictures", "Pictures of a batch", "model", PICTURES)
        self._device = self._make(Histogram, "device_seconds", "Device time of a batch", "model", SECONDS)
        self._waits = self._make(Histogram, "wait_seconds", "Asking to device", "priority", SECONDS)
        self._totals = self._make(Histogram, "request_seconds", "Asking to answer", "priority", SECONDS)
        self._ends = self._make(Counter, "requests", "Requests by how they ended", "priority outcome")
        self._lookups = self._make(Counter, "pictures", "Pictures asked for, by whether kept", "kept")
        self._make(Gauge, "waiting_requests", "Requests that wait now").set_function(waiting)
        self._make(Gauge, "kept_bytes", "Size of the kept pictures").set_function(kept_bytes)
        self._make(Gauge, "gpu_memory_bytes", "Memory of tensors on the GPU").set_function(_gpu_memory)
        ProcessCollector(registry=self._registry)

    def ms_per_frame(self, model: str, preview: bool = False) -> float:
        """Moving average of the device time per frame that a model decodes; 0 before its first.

        Of its `preview`s, where it makes some itself. It starts anew when the model goes over to another way.
        """
        op: Op = "preview" if preview else "decode"
        pace = self._paces.get((model, op)) or self._paces.get((model, "decode"))
        return pace.ms if pace else 0.0

    def asked(self, request: Request) -> None:
        """Follow a request that the queue has taken in, to its end."""
        request.future.add_done_callback(partial(self._ended, request))

    def refused(self, request: Request) -> None:
        """Count a request that the queue had no room for."""
        self._ends.labels(_name(request), "busy").inc()

    def looked_up(self, kept: int, missing: int) -> None:
        """Count pictures that need not be decoded, and those that do."""
        self._lookups.labels("yes").inc(kept)
        self._lookups.labels("no").inc(missing)

    def ran(self, batch: Batch, seconds: float) -> None:
        """Take in a batch that the device took `seconds` for."""
        job, model, rows = batch[0][0].job, batch[0][0].model, count_rows(batch)
        began = time.monotonic() - seconds
        self._batches.labels(job.model).observe(rows)
        self._device.labels(job.model).observe(seconds)
        for request, _ in batch:
            if not request.answers:  # its first slice
                self._waits.labels(_name(request)).observe(max(0.0, began - request.asked))
        if isinstance(model, LatentModel) and job.op in ("decode", "preview"):
            key = (job.model, job.op)
            way = (job.op == "preview" and model.preview_precision) or model.precision
            pace = self._paces.get(key)
            if pace is None or pace.way != way:
                pace = self._paces[key] = _Pace(way)
            pace.take(1e3 * seconds / rows)

    def render(self) -> bytes:
        """Everything in the text format of Prometheus."""
        return generate_latest(self._registry)

    def _make(self, kind: Any, name: str, text: str, labels: str = "", buckets: Any = None) -> Any:
        options = {"buckets": buckets} if buckets else {}
        full = f"latent_explorer_{name}"
        return kind(full, text, labels.split(), registry=self._registry, **options)

    def _ended(self, request: Request, future: Future[Any]) -> None:
        error = CancelledError() if future.cancelled() else future.exception()
        outcome = "answered"
        if error:
            outcome = "dropped" if isinstance(error, CancelledError) else "failed"
        self._ends.labels(_name(request), outcome).inc()
        if not error:
            self._totals.labels(_name(request)).observe(time.monotonic() - request.asked)


def _name(request: Request) -> str:
    return request.job.priority.name.lower()


def _gpu_memory() -> float:
    return float(torch.cuda.memory_allocated()) if torch.cuda.is_available() else 0.0
