"""One model on its way to the page: loaded, made faster, the portraits encoded with it, their map made."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

import models
from explorer.data.dataset import Dataset
from explorer.data.encoding import agrees, cache_path, encode_portraits, portrait
from explorer.data.latent_table import LatentStore
from explorer.data.projection import Arguments, Projection, fit
from explorer.device.futures import then
from explorer.device.worker import DecodeWorker, WorkerClosedError
from explorer.steering.built_in import load_built_in
from explorer.steering.rack import Steering
from models import MODELS
from models.base import LatentModel, ModelUnavailableError, Progress

log = logging.getLogger(__name__)

WARM_UP_AFTER = 20.0  # seconds: the page is up by then
WARM_UP_IDLE = 3.0  # seconds without a drag

State = Literal["absent", "loading", "ready", "failed"]


@dataclass(frozen=True)
class ModelStatus:
    """How a model is getting on.

    A model with a `precision` is loaded, and one with a `latent_shape` too decodes, even while its state is
    still "loading" because the portraits are being encoded and mapped.
    """

    name: str
    title: str
    state: State
    progress: float  # in [0, 1], of the whole preparation
    message: str  # one sentence for the person who waits, or who wants to know why it failed
    image_size: int
    latent_shape: tuple[int, ...] | None
    points: int
    precision: str | None  # what it decodes in on this device; None while it is not loaded


class Preparation:
    """Prepares a model on a thread of its own; what has been made so far can be used meanwhile."""

    def __init__(
        self, name: str, dataset: Dataset, worker: DecodeWorker, source: str | None, cache_dir: Path
    ) -> None:
        self._entry, self._name, self._worker = MODELS[name], name, worker
        self._all, self._source, self._cache_dir = dataset, source, cache_dir
        self._shown = dataset if name == dataset.metadata.get("model") else dataset.with_portraits()
        self._state: tuple[State, float, str] = ("absent", 0.0, "Not loaded yet")
        self._lock, self._closing = threading.Lock(), threading.Event()
        self._loading = threading.Lock()
        self._thread: threading.Thread | None = None
        self.model: LatentModel | None = None
        self.store: LatentStore | None = None
        self.projection: Projection | None = None
        self.steering = Steering({})
        self.is_bundled = False  # the shipped latents, map and reconstruction quality are this model's

    def status(self) -> ModelStatus:
        """Where the preparation stands."""
        state, progress, message = self._state
        shape = self.store.space.shape if self.store else None
        points, size = len(self._shown), self._entry.image_size
        precision = self.model.precision if self.model else None
        return ModelStatus(
            self._name, self._entry.title, state, progress, message, size, shape, points, precision
        )

    def start(self) -> None:
        """Begin, or begin again where it failed; returns at once."""
        with self._lock:
            if self._state[0] in ("loading", "ready") or self._closing.is_set():
                return
            self._report("loading", 0.0, f"Loading {self._entry.title}")
            self._thread = threading.Thread(target=self._run, name=f"prepare-{self._name}", daemon=True)
            self._thread.start()

    def load(self) -> None:
        """Load the model alone, to help another one out; returns at once, and a failure is only logged."""
        if self.model is None:
            threading.Thread(target=self._lend, name=f"load-{self._name}", daemon=True).start()

    def unload(self) -> None:
        """Let go of the model's weights; what was made with them stays, and `start` loads them again."""
        with self._lock:
            if self._state[0] in ("ready", "absent"):
                self.model = None
                self._report("absent", 0.0, f"{self._entry.title} was unloaded to make room for others")

    def close(self) -> None:
        """Stop, once the worker is closed; waits a moment for what is encoded to be on disk."""
        self._closing.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(timeout=2)

    def _run(self) -> None:
        try:
            model = self._loaded(self._report_loading)
            if self.projection is None:
                self._open(model)
            self._report("loading", 0.05, "Decoding already, and getting faster")
            self._speed_up(model)
            if self.projection is None:
                self._fill(model)
            self._report("ready", 1.0, "Ready")
            if self.is_bundled:
                self._warm_up()
        except WorkerClosedError:
            self._report("failed", 0.0, "The app is closing")
        except (ModelUnavailableError, ValueError, OSError) as error:
            self._report("failed", 0.0, str(error))
        except Exception as error:
            log.exception("preparing %s failed", self._name)
            self._report("failed", 0.0, f"{self._entry.title} could not be prepared: {error}")

    def _lend(self) -> None:
        try:
            self._speed_up(self._loaded(lambda fraction, message: None))
        except Exception as error:
            log.info("%s cannot help out: %s", self._name, error, extra={"model": self._name})

    def _loaded(self, report: Progress) -> LatentModel:
        with self._loading:
            self.model = self.model or self._load(report)
            return self.model

    def _load(self, report: Progress) -> LatentModel:
        """On the CPU first: only the copy to another device holds up the worker, never a download."""
        model = models.load(self._name, "cpu", report, self._source)
        if self._worker.device.type == "cpu":
            return model
        return self._worker.call(partial(models.load, self._name, self._worker.device, source=self._source))

    def _speed_up(self, model: LatentModel) -> None:
        """Beside the worker on a CPU; on another device as its background call, which holds others up."""
        try:
            if self._worker.device.type == "cpu":
                model.speed_up()
            else:
                self._worker.call(model.speed_up)
        except WorkerClosedError:
            raise
        except Exception as error:  # it decodes without, only slower
            log.warning("%s stays as fast as it is: %s", self._name, error, extra={"model": self._name})

    def _open(self, model: LatentModel) -> None:
        """Make the store, and for the bundled model its map and directions too."""
        shipped = self._all.latents
        # Own weights are never the bundled ones, however near: fine-tuned, they still encode much alike.
        is_shipped = self._source is None and self._shown is self._all
        if is_shipped and agrees(model, self._worker, self._all, shipped, tolerance=0.5):
            arguments = Arguments.from_json(self._all.metadata["map"])
            self.projection = Projection(shipped, self._all.coordinates, arguments)
            self.steering = Steering(load_built_in(model.space, self._all))
            self.store = LatentStore(model.space, self._all, shipped, self._all.coordinates)
            self.is_bundled = True
            return
        self._shown = self._all.with_portraits()
        if self.store is None:
            latents = torch.zeros(len(self._shown), *model.space.shape)
            self.store = LatentStore(model.space, self._shown, latents, None, self._request)

    def _fill(self, model: LatentModel) -> None:
        assert self.store is not None
        path = cache_path(self._cache_dir, model, self._source, self._shown)
        encode_portraits(model, self._worker, self.store, path, self._report_encoding)
        self._report("loading", 0.95, f"Making the map of {len(self.store):,} portraits (UMAP)")
        self.projection = fit(self.store.latents, Arguments(), self._cache_dir)
        self.store.coordinates = self.projection.coordinates

    def _request(self, row: int) -> Future[Tensor]:
        model = self.model
        assert model is not None  # it is unloaded only when every portrait is encoded
        picture = portrait(self._shown, row, model.space.image_size)
        return then(
            self._worker.submit_encode(model, picture[None], is_shared=True), lambda latents: latents[0]
        )

    def _report_loading(self, fraction: float, message: str) -> None:
        self._report("loading", 0.05 * fraction, message)

    def _report_encoding(self, encoded: int, seconds: float) -> None:
        total, size = len(self._shown), self._entry.image_size
        left = f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
        task = f"Encoding the 128 px portraits, enlarged to {size} px"
        message = f"{task}: {encoded:,} of {total:,}, about {left} left"
        self._report("loading", 0.05 + 0.9 * encoded / total, message)

    def _report(self, state: State, progress: float, message: str) -> None:
        if state != self._state[0]:
            facts = {"model": self._name, "state": state}
            log.info("%s is %s: %s", self._name, state, message, extra=facts)
        self._state = (state, progress, message)

    def _warm_up(self) -> None:
        """Compile UMAP's transform while nobody drags, so that the first upload need not wait for it."""
        wait = WARM_UP_AFTER
        while not self._closing.wait(wait):
            if self._worker.idle_seconds > WARM_UP_IDLE and self.projection and self.store:
                self.projection.transform(self.store.latents[:1])
                return
            wait = 1.0
