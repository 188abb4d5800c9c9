"""The workspace: what one running app shares between all its users."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import BoundedSemaphore
from typing import Self

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from explorer.data.dataset import Dataset
from explorer.data.latent_table import LatentStore, row_number
from explorer.data.uploads import Upload, expected_psnr, upload
from explorer.device.futures import flatten, then
from explorer.device.jobs import Slot
from explorer.device.processor import choose_device
from explorer.device.residency import Residency
from explorer.device.worker import DecodeWorker
from explorer.measures.effects import Effect, effects
from explorer.operations.directions import Direction
from explorer.preparation import ModelStatus, Preparation
from explorer.settings import Settings
from explorer.steering.direction_query import Wish, find
from explorer.steering.morph import Morph
from explorer.steering.paths import Paths
from explorer.steering.rack import Steering
from explorer.steering.responses import Responses
from models import MODELS
from models.base import LatentModel
from models.pictures import to_tensor, to_uint8

__all__ = ["ModelStatus", "NotReadyError", "Upload", "Workspace"]

SLOW_MS = 250  # a frame; what takes longer is not decoded and encoded again only to tell what changed
FINDING = 2  # directions found at the same time: a fit takes a core for seconds
PORTRAITS = Path(__file__).parent.parent / "assets" / "portraits.parquet"


class NotReadyError(RuntimeError):
    """The model cannot answer yet: prepare it; the text says what it is waiting for."""


class Workspace:
    """Models, worker, portraits and uploads of one app; safe to use from any thread.

    Raises DatasetError where the bundled portraits are missing or damaged, and ValueError for settings that
    name an unknown model or a device that is not there.
    """

    def __init__(self, settings: Settings, dataset: Dataset | None = None) -> None:
        if settings.model not in MODELS:
            raise ValueError(f"model: expected one of {', '.join(MODELS)}, got {settings.model!r}")
        device = choose_device(settings.device)
        self.settings = settings
        self.dataset = dataset or Dataset.load(PORTRAITS)
        self._worker = DecodeWorker(device)
        self._finding = BoundedSemaphore(FINDING)
        self._responses = Responses(self._worker)
        self._residency = Residency(settings.memory * 1e9)
        sources = {
            "face-vae": settings.face_vae,
            "sd-vae-tiny": settings.sd_vae_tiny,
            "sd-vae": settings.sd_vae,
        }
        cache_dir = settings.cache_dir.expanduser()
        self._preparations = {
            name: Preparation(
                name, self.dataset, self._worker, sources.get(name.removesuffix("-256")), cache_dir
            )
            for name in MODELS
        }
        self.prepare(settings.model)

    @property
    def device(self) -> torch.device:
        """Where models run."""
        return self._worker.device

    def ms_per_frame(self, model: str) -> float:
        """Moving average of the device time of the model's frames; 0 before the first."""
        return self._worker.telemetry.ms_per_frame(model)

    def metrics(self) -> bytes:
        """What the decode worker measures about itself, in the text format of Prometheus."""
        return self._worker.telemetry.render()

    def models(self) -> list[ModelStatus]:
        """Every model and how it is getting on."""
        return [preparation.status() for preparation in self._preparations.values()]

    def status(self, name: str) -> ModelStatus:
        """How one model is getting on. Raises ValueError for an unknown name."""
        return self._preparation(name).status()

    def prepare(self, name: str) -> ModelStatus:
        """Begin to load a model, and to encode and map the portraits with it; returns at once.

        After a failure it begins again. Raises ValueError for an unknown name.
        """
        self._preparation(name).start()
        self._residency.use(name)
        if preview := self._previewing(name):
            preview.load()
        return self.status(name)

    def previews(self, name: str) -> bool:
        """Whether there is a model that shows this one's latents sooner, until this one has decoded them."""
        preview = self._previewing(name)
        return preview is not None and preview.model is not None

    def store(self, name: str) -> LatentStore:
        """The model's latents. Raises NotReadyError until the model is loaded."""
        return self._loaded(name)[1]

    def steering(self, name: str) -> Steering:
        """The model's directions. Raises ValueError for an unknown model."""
        return self._preparation(name).steering

    def find_direction(self, wish: Wish) -> tuple[str, Direction]:
        """Find a direction, and keep it under an id; blocks. Raises NotReadyError, and what `find` raises."""
        loaded = self._loaded(wish.model)
        with self._finding:
            found = find(wish, *loaded)
        return self.steering(wish.model).add(found, wish.id), found

    def effects(self, morph: Morph) -> list[Effect] | None:
        """What a morph's steering changed, by every built-in direction and every moved one; blocks.

        Told are those that read well; None for a model that is slow on this device. Raises as `path`.
        """
        model, _ = self._loaded(morph.model)
        if self.ms_per_frame(morph.model) > SLOW_MS:
            return None
        before = self.point(morph.model_copy(update={"steer": ()})).result()
        steering = self.steering(morph.model)
        own = {entry.direction: steering.direction(entry.direction) for entry in morph.steer}
        traits = steering.built_in | own
        return effects(model, self._worker, before, self.point(morph).result(), traits)

    def decode(self, name: str, latents: Float[Tensor, "n *latent"]) -> Future[UInt8[np.ndarray, "n h w 3"]]:
        """The model's pictures of any latents, as one bulk request.

        Raises NotReadyError, and in the future what DecodeWorker raises.
        """
        return self._worker.submit(self._loaded(name)[0], latents)

    def row(self, point: str) -> int:
        """The data set's row of a portrait number; raises UnknownPointError."""
        return row_number(point, len(self.dataset))

    def frames(
        self, morph: Morph, alphas: Sequence[float], slot: Slot | None = None, preview: bool = False
    ) -> Future[UInt8[np.ndarray, "t h w 3"]]:
        """The pictures at `alphas` in [0, 1] (morph.alpha is not used); `slot` as in DecodeWorker.submit.

        With `preview` they come from the model that previews this one, where there is one.
        Never blocks. Raises NotReadyError, UnknownPointError and UnknownDirectionError, and in the future
        what is wrong with alphas.
        """
        paths = self._paths(morph)
        model = (self._preview(morph.model) if preview else None) or paths.model
        method, t = morph.interpolation, torch.tensor(list(alphas), dtype=torch.float32)
        latents = paths.latents(morph, t if morph.has_latents else torch.tensor([0.0, 1.0]))
        pictures = flatten(then(latents, lambda found: self._worker.submit(model, found, slot)))
        if morph.has_latents:
            return pictures
        return then(then(pictures, to_tensor), lambda ab: to_uint8(method.function(ab[0], ab[1], t)))

    def answered(self, model: str, slot: Slot) -> None:
        """Take note of a live frame that was answered with what a panel keeps."""
        self._residency.use(model)
        self._worker.answered(slot)

    def path(self, morph: Morph, n: int) -> Future[Float[Tensor, "n *latent"]]:
        """Steered latents evenly spaced in alpha from A to B; none for a cross-fade, which visits no latents.

        Raises NotReadyError, UnknownPointError and UnknownDirectionError.
        """
        return self._paths(morph).latents(morph, torch.linspace(0, 1, n if morph.has_latents else 0))

    def point(self, morph: Morph) -> Future[Float[Tensor, "*latent"]]:
        """The one latent of a morph. Raises as `path`, and ValueError for a cross-fade, which has none."""
        if not morph.has_latents:
            raise ValueError("A cross-fade mixes pictures and has no latent: choose another path")
        return then(
            self._paths(morph).latents(morph, torch.tensor([morph.alpha])), lambda latents: latents[0]
        )

    def direction(self, morph: Morph, key: str) -> Future[Direction]:
        """A direction as one more slider would move along it: without what the morph's rack holds.

        Raises as `path`, and in the future ValueError where holding leaves nothing of it.
        """
        return self._paths(morph).direction(morph, key)

    def _paths(self, morph: Morph) -> Paths:
        return Paths(*self._loaded(morph.model), self.steering(morph.model), self._responses)

    def upload(self, model: str, picture: bytes | Path) -> Upload:
        """Encode a picture file, keep it as a point, and say how well the model knows its like; blocks.

        Raises NotReadyError, and PictureError for a file that is no picture.
        """
        loaded, store = self._loaded(model)
        preparation = self._preparation(model)
        expected = expected_psnr(self.dataset) if preparation.is_bundled else None
        return upload(loaded, self._worker, store, preparation.projection, picture, expected)

    def close(self) -> None:
        """Stop all threads; whoever waits gets WorkerClosedError."""
        self._worker.close()
        for preparation in self._preparations.values():
            preparation.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _preparation(self, name: str) -> Preparation:
        if name not in self._preparations:
            raise ValueError(f"model: expected one of {', '.join(self._preparations)}, got {name!r}")
        return self._preparations[name]

    def _previewing(self, name: str) -> Preparation | None:
        """On a CPU: another device needs no help."""
        preview = MODELS[name].preview
        return self._preparations[preview] if preview and self.device.type == "cpu" else None

    def _preview(self, name: str) -> LatentModel | None:
        preparation = self._previewing(name)
        if preparation is None or preparation.model is None:
            return None
        self._residency.use(preparation.model.space.name)
        return preparation.model

    def _loaded(self, name: str) -> tuple[LatentModel, LatentStore]:
        preparation = self._preparation(name)
        model, store = preparation.model, preparation.store
        if model is None or store is None:
            if store is not None:
                preparation.start()  # it was unloaded, or its preparation failed on the way
            raise NotReadyError(preparation.status().message)
        self._residency.use(name)
        loaded = {key: entry.model.nbytes for key, entry in self._preparations.items() if entry.model}
        for unused in self._residency.surplus(loaded):
            self._preparations[unused].unload()
        return model, store
