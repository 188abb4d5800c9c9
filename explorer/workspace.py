"""The workspace: what one running app shares between all its users."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from explorer.data import (
    SAMPLES,
    Collection,
    Dataset,
    Imports,
    LatentTable,
    Store,
    UnknownPointError,
    load_datasets,
)
from explorer.device import DecodeWorker, Shelf, choose_device
from explorer.settings import Settings
from explorer.steering import Jacobians
from explorer.views import Preparation, Shared, Stage, View
from models import MODELS
from models.base import LatentModel
from models.errors import InputError

CHOOSE = "choose it once in the page's menu “Data”, or prepare it, and ask again"


@dataclass(frozen=True)
class Status:
    """How a model is getting on with a data set; what only a loaded model knows is None until then.

    A model decodes as soon as `dataset` is there, even while its state is still "loading" because the data
    are being encoded and mapped.
    """

    model: str
    stage: Stage
    loaded: LatentModel | None
    dataset: Dataset | None
    encoded: int  # rows of the data set
    has_map: bool
    datasets: tuple[str, ...]  # that the model can show

    @property
    def title(self) -> str:
        """What the model's entry calls it."""
        return MODELS[self.model].title

    @property
    def decodes(self) -> bool:
        """Whether frames can be asked for."""
        return self.loaded is not None and self.dataset is not None and self.stage.state != "failed"


class Workspace:
    """Data sets, models, worker, and what people keep, of one app; safe to use from any thread.

    Raises DatasetError where a data set is missing or damaged, and InputError for settings that name an
    unknown model or a device that is not there.
    """

    def __init__(self, settings: Settings, datasets: Mapping[str, Dataset] | None = None) -> None:
        if settings.model not in MODELS:
            raise InputError(f"model: expected one of {', '.join(MODELS)}, got {settings.model!r}")
        worker = DecodeWorker(choose_device(settings.device))
        self.settings = settings
        self.imports = Imports(Store(settings.data_dir.expanduser()))
        self.datasets = Collection(datasets or load_datasets(settings.pictures), self.imports.store)
        self.shared = Shared(worker, Jacobians(worker))
        self._shelf = Shelf(worker, settings.source, settings.memory * 1e9, settings.cache_dir)
        self._preparations: dict[tuple[str, str | None], Preparation] = {}
        self._lock = threading.Lock()
        self.prepare(settings.model)

    def delete(self, dataset: str) -> None:
        """Remove a data set that was brought, and all that is kept of it. Raises StoreError."""
        self.imports.store.about(dataset)  # nothing is stopped for a name that is not there
        with self._lock:
            ended = [self._preparations.pop(key) for key in list(self._preparations) if key[1] == dataset]
        for preparation in ended:
            preparation.end()
        self.imports.delete(dataset)

    def open(self, model: str, dataset: str | None = None) -> View:
        """A data set in a model; without its name the model's first, or another while that is not open.

        Raises NotReadyError until the model decodes, and InputError for an unknown name.
        """
        preparation = self._preparation(model, dataset)
        if dataset is None and preparation.opened is None:
            shared = (None, SAMPLES, *self.datasets.fixed)  # nobody's own
            others = (self._preparations.get((model, name)) for name in shared)
            preparation = next((other for other in others if other and other.opened), preparation)
        view = preparation.view()
        if dataset not in (None, view.dataset.name):  # the model's first was a guess until it was loaded
            view = self._preparation(model, dataset).view()
        self._shelf.tidy()
        return view

    def prepare(self, model: str, dataset: str | None = None, encode: bool = True) -> Status:
        """Begin to load a model, and to encode and map a data set with it; returns at once.

        Without `encode` items are encoded only when they are asked for. After a failure it begins again.
        Raises InputError for an unknown name.
        """
        self._preparation(model, dataset).start(encode)
        preview = self._preview_of(model)
        if preview and not self._shelf.loaded(preview):
            self._shelf.lend(preview)
        return self.status(model, dataset)

    def stop(self, model: str, dataset: str | None = None) -> Status:
        """Stop encoding a data set; what is encoded stays. Raises InputError for an unknown name."""
        self._preparation(model, dataset).stop()
        return self.status(model, dataset)

    def status(self, model: str, dataset: str | None = None) -> Status:
        """How a model is getting on with a data set. Raises InputError for an unknown name."""
        preparation = self._preparation(model, dataset)
        loaded, opened, stage = self._shelf.loaded(model), preparation.opened, preparation.stage
        if loaded is None and stage.state in ("ready", "stopped"):
            stage = Stage("absent", 0.0, f"{MODELS[model].title} was unloaded to make room for others")
        return Status(
            model,
            stage,
            loaded,
            opened.dataset if opened else None,
            int(opened.table.filled.sum()) if opened else 0,
            opened is not None and opened.table.coordinates is not None,
            self.datasets.names(loaded) if loaded else (),
        )

    def statuses(self) -> list[Status]:
        """Every model, each with its first data set."""
        return [self.status(name) for name in MODELS]

    def previewer(self, name: str) -> LatentModel | None:
        """The loaded model that shows this one's latents sooner: another or, in its own way, itself."""
        preview, model = self._preview_of(name), self._shelf.loaded(name)
        quick = self._shelf.loaded(preview) if preview else None
        if quick is not None and model is not None and quick.space.shape == model.space.shape:
            return quick
        return model if model is not None and model.preview_precision else None

    def preview(self, name: str) -> LatentModel | None:
        """That model, to be used for a frame, which keeps it loaded; None without."""
        found = self.previewer(name)
        return self._shelf.use(found.space.name) if found else None

    def close(self) -> None:
        """Stop all threads; whoever waits gets WorkerClosedError."""
        self.shared.closing.set()
        self.imports.close()
        self.shared.worker.close()
        self.shared.fits.shutdown(wait=False, cancel_futures=True)
        for preparation in list(self._preparations.values()):
            preparation.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _preview_of(self, name: str) -> str | None:
        """The table's, on a CPU: another device needs no help."""
        preview, is_slow = MODELS[name].preview, self.shared.worker.device.type == "cpu"
        return preview if preview and is_slow and self._shelf.agree(name, preview) else None

    def _preparation(self, model: str, dataset: str | None) -> Preparation:
        if model not in MODELS:
            raise InputError(f"model: expected one of {', '.join(MODELS)}, got {model!r}")
        if dataset is not None:
            self.datasets.check(dataset)
        with self._lock:
            first = self._get(model, None)
            alike = [n for n, d in self.datasets.fixed.items() if d.media.name == MODELS[model].media.name]
            likely = next(iter(alike), SAMPLES)
            if dataset in (None, first.opened.dataset.name if first.opened else likely):
                return first
            return self._get(model, dataset)

    def _get(self, model: str, dataset: str | None) -> Preparation:
        if (model, dataset) not in self._preparations:
            self._preparations[model, dataset] = self._new(model, dataset)
        return self._preparations[model, dataset]

    def _new(self, model: str, dataset: str | None) -> Preparation:
        def table_of(other: str) -> LatentTable:
            self.datasets.check(other, self._shelf.loaded(model))
            opened = self._preparation(model, other).opened
            if opened is None:
                raise UnknownPointError(f"the data set {other!r} is not open in {model}: {CHOOSE}")
            return opened.table

        cache = self.settings.cache_dir.expanduser()
        return Preparation(model, dataset, self.datasets, self._shelf, self.shared, cache, table_of)
