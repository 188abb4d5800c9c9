"""One data set in one model on its way to the page: the model loaded, the data encoded, their map made."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from torch import Tensor

from explorer.data import (
    Dataset,
    LatentTable,
    encode_missing,
    kept_latents,
    request_latent,
)
from explorer.device import Shelf, WorkerClosedError
from explorer.views.opening import Opened, open_dataset
from explorer.views.shared import Shared
from explorer.views.view import View
from models import MODELS
from models.base import LatentModel
from models.errors import InputError, ModelUnavailableError

log = logging.getLogger(__name__)

FASTER = "Decoding already, and getting faster"


State = Literal["absent", "loading", "ready", "stopped", "failed"]


class NotReadyError(RuntimeError):
    """The model cannot answer yet: prepare it; the text says what it is waiting for."""


@dataclass(frozen=True)
class Stage:
    """How far a preparation has come."""

    state: State = "absent"
    progress: float = 0.0  # in [0, 1]
    message: str = "Not loaded yet"  # one sentence for the person who waits, or wants to know why it failed


class Preparation:
    """Prepares on a thread of its own; what has been made so far can be used meanwhile."""

    def __init__(
        self,
        name: str,
        wanted: str | None,
        datasets: Mapping[str, Dataset],
        shelf: Shelf,
        shared: Shared,
        cache_dir: Path,
        table_of: Callable[[str], LatentTable],
    ) -> None:
        """`wanted` names the data set; without it the first that the model can encode, else its samples."""
        self.name, self._wanted, self._datasets = name, wanted, datasets
        self._shelf, self._shared, self._cache_dir, self._table_of = shelf, shared, cache_dir, table_of
        self.stage = Stage()
        self.opened: Opened | None = None
        self._lock = threading.Lock()
        self._encodes = False
        self._thread: threading.Thread | None = None

    def start(self, encode: bool = True) -> None:
        """Begin, or begin again where it failed or was stopped; returns at once.

        Without `encode` the model is loaded, and items are encoded only when they are asked for.
        """
        with self._lock:
            self._encodes = self._encodes or encode
            ended = self.stage.state == "ready" or (self.stage.state == "stopped" and not self._encodes)
            done = ended and self._shelf.loaded(self.name)
            if done or self.stage.state == "loading" or self._shared.closing.is_set():
                return
            self._report("loading", 0.0, f"Loading {MODELS[self.name].title}")
            self._thread = threading.Thread(target=self._run, name=f"prepare-{self.name}", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop encoding after what is being encoded now; what there is stays, and `start` goes on."""
        self._encodes = False

    def end(self) -> None:
        """Stop, and wait a moment for that: the data set is about to be deleted."""
        self.stop()
        self.close()

    def close(self) -> None:
        """Wait a moment, once the worker is closed, for what is encoded to be on disk."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout=2)

    def view(self) -> View:
        """The view as it is now. Raises NotReadyError until the model is loaded; an unloaded one starts."""
        model, opened = self._shelf.use(self.name), self.opened
        if opened is None:
            raise NotReadyError(self.stage.message)
        if model is None:
            self.start(encode=False)
            raise NotReadyError(f"Loading {MODELS[self.name].title}")
        return View(
            opened.dataset,
            model,
            opened.table,
            self._shared.steering(self.name),
            self._shared,
            self._table_of,
        )

    def _run(self) -> None:
        try:
            with self._shelf.holding(self.name):
                self._prepare()
        except WorkerClosedError:
            self._report("failed", 0.0, "The app is closing")
        except (ModelUnavailableError, InputError) as error:
            self._report("failed", 0.0, str(error))
        except OSError as error:  # without its path, which may name somebody's own data set
            log.warning("preparing %s failed: %s", self.name, error)
            title = MODELS[self.name].title
            self._report("failed", 0.0, f"{title} could not be prepared: {error.strerror or error}")
        except Exception as error:
            log.exception("preparing %s failed", self.name)
            self._report("failed", 0.0, f"{MODELS[self.name].title} could not be prepared: {error}")

    def _prepare(self) -> None:
        model = self._shelf.load(self.name, self._report_loading)
        if self.opened is None:
            source = self._shelf.source(self.name)
            self.opened = open_dataset(
                model, source, self._wanted, self._datasets, self._shared, self._encode
            )
        faster = self._shelf.speed_up(self.name, model)
        self._report("loading", 0.05, FASTER)
        while not (ended := self._fill(model, self.opened)) or self.opened.missing:
            with self._lock:  # whoever asks for more from now on begins again
                self._encodes = self._encodes and not ended  # what is still missing cannot be read
                if not self._encodes:
                    self._report("stopped", self.stage.progress, self.opened.shortfall)
                    return
        if not faster.done():
            self._report("loading", 0.98, FASTER)
        faster.result()
        self._report("ready", 1.0, "Ready")

    def _encode(self, dataset: Dataset, row: int) -> Future[Tensor]:
        """One item's latent on demand, by the model as it is loaded then."""
        model = self._shelf.loaded(self.name)
        if model is None:
            raise NotReadyError(self.stage.message)
        return request_latent(model, self._shared.worker, dataset, row)

    def _fill(self, model: LatentModel, opened: Opened) -> bool:
        """Encode what is not, and make the map; whether that came to its end."""
        table = opened.table
        kept = kept_latents(self._cache_dir, model, self._shelf.source(self.name), opened.dataset)
        whole = encode_missing(
            model, self._shared.worker, table, kept, self._report_encoding, lambda: not self._encodes
        )
        if opened.table.coordinates is None and whole:
            self._report("loading", 0.95, f"Making the map of {len(table) - opened.missing:,} points (UMAP)")
            opened.make_map(self._cache_dir)
        return whole

    def _report_loading(self, fraction: float, message: str) -> None:
        self._report("loading", 0.05 * fraction, message)

    def _report_encoding(self, encoded: int, seconds: float) -> None:
        assert self.opened is not None
        total, dataset = len(self.opened.table), self.opened.dataset
        left = f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
        message = f"Encoding {dataset.title.lower()}: {encoded:,} of {total:,}, about {left} left"
        self._report("loading", 0.05 + 0.9 * encoded / total, message)

    def _report(self, state: State, progress: float, message: str) -> None:
        if state != self.stage.state:
            log.info("%s is %s: %s", self.name, state, message, extra={"model": self.name, "state": state})
        self.stage = Stage(state, progress, message)
