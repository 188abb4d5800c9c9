"""The models of one app: loaded when they are asked for, made faster, and let go when they are unused."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from weakref import WeakKeyDictionary

import models
from explorer.device.jobs import WorkerClosedError
from explorer.device.worker import DecodeWorker
from models.base import LatentModel, Progress

log = logging.getLogger(__name__)

UNUSED = 60.0  # seconds after which a model counts as unused


class Shelf:
    """Holds the loaded models, within a budget where they are unused; safe to use from any thread."""

    def __init__(
        self, worker: DecodeWorker, sources: Mapping[str, str], budget: float, cache: Path | None = None
    ) -> None:
        """`sources` replace where models' weights come from; `budget` is in bytes of what models hold.

        In the folder `cache` is kept what takes long to make of a model.

        One model may exceed the budget by itself.
        """
        self._worker, self._sources, self._budget, self._cache = worker, sources, budget, cache
        self._models: dict[str, LatentModel] = {}
        self._bytes: dict[str, int] = {}  # of what each of them holds: counting takes milliseconds
        self._used: dict[str, float] = {}
        self._held: dict[str, int] = defaultdict(int)  # by how many that must not lose it
        self._loading: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lenders: dict[str, threading.Thread] = {}
        self._faster: WeakKeyDictionary[LatentModel, Future[None]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def source(self, name: str) -> str | None:
        """Where the weights come from, if not from the model's own source."""
        return self._sources.get(name)

    def agree(self, name: str, other: str) -> bool:
        """Whether both come from their own sources, or neither: a mixed pair may be of two spaces."""
        return (self.source(name) is None) == (self.source(other) is None)

    def loaded(self, name: str) -> LatentModel | None:
        """The model, if it is loaded."""
        return self._models.get(name)

    def use(self, name: str) -> LatentModel | None:
        """The same, which counts as a use."""
        self._used[name] = time.monotonic()
        return self._models.get(name)

    def load(self, name: str, report: Progress) -> LatentModel:
        """The model, loaded where it is not; blocks. Raises what `models.load` raises, WorkerClosedError.

        On the CPU first: only the copy to another device holds up the worker, never a download.
        """
        with self._loading[name]:
            if model := self.use(name):
                return model
            model = models.load(name, "cpu", report, self.source(name))
            if self._worker.device.type != "cpu":
                del model
                there = partial(models.load, name, self._worker.device, source=self.source(name))
                model = self._worker.call(there)
            self._put(name, model)
        return model

    def speed_up(self, name: str, model: LatentModel) -> Future[None]:
        """Begin to make a model faster, once, and return; it decodes as before meanwhile, and if that fails.

        Beside the worker on a CPU; on another device as its background call, which holds others up. Waiting
        for it raises WorkerClosedError where the app is closing.
        """
        with self._lock:
            if model not in self._faster:
                self._faster[model] = Future()
                work = partial(self._speed_up, name, model, self._faster[model])
                threading.Thread(target=work, name=f"speed-up-{name}", daemon=True).start()
            return self._faster[model]

    def _speed_up(self, name: str, model: LatentModel, done: Future[None]) -> None:
        try:
            with self.holding(name):
                if self._worker.device.type == "cpu":
                    model.speed_up(self._cache)
                else:
                    self._worker.call(partial(model.speed_up, self._cache))
        except WorkerClosedError as error:
            return done.set_exception(error)
        except Exception as error:
            log.warning("%s stays as fast as it is: %s", name, error, extra={"model": name})
        else:
            self._put(name, model)  # it holds something else now
        done.set_result(None)

    def lend(self, name: str) -> None:
        """Begin to load a model alone, to help another one out, unless that is going on; returns at once."""
        with self._lock:
            if name not in self._lenders or not self._lenders[name].is_alive():
                thread = threading.Thread(target=self._lend, args=(name,), name=f"load-{name}", daemon=True)
                self._lenders[name] = thread
                thread.start()

    @contextmanager
    def holding(self, name: str) -> Iterator[None]:
        """Keep a model on the shelf, used or not."""
        with self._lock:
            self._held[name] += 1
        try:
            yield
        finally:
            with self._lock:
                self._held[name] -= 1
            self._used[name] = time.monotonic()

    def tidy(self) -> None:
        """Let go of what is unused and over the budget; quick enough to be asked for every frame."""
        with self._lock:
            total, before = sum(self._bytes.values()), time.monotonic() - UNUSED
            if total <= self._budget or len(self._models) == 1:
                return
            for name in sorted(self._models, key=lambda name: self._used.get(name, before)):
                if total <= self._budget or self._used.get(name, before) > before:
                    return
                if not self._held[name]:
                    del self._models[name]
                    total -= self._bytes.pop(name)
                    log.info("%s was unloaded to make room for others", name, extra={"model": name})

    def _lend(self, name: str) -> None:
        """Where that fails, whoever was to be helped goes on without."""
        try:
            with self.holding(name):
                self.speed_up(name, self.load(name, lambda fraction, message: None)).result()
        except Exception as error:
            log.info("%s cannot help out: %s", name, error, extra={"model": name})

    def _put(self, name: str, model: LatentModel) -> None:
        size = model.nbytes
        with self._lock:
            self._models[name], self._bytes[name] = model, size
        self.tidy()
