"""Models of two networks: how these run is the device's matter, what they are the family's."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.base import LatentModel, LatentSpace
from models.media import Media
from models.runtimes.blobs import Blobs
from models.runtimes.building import Plan, Way, built
from models.runtimes.compiled import Compiled, RuntimeMissingError, fingerprint, openvino, read
from models.runtimes.graphs import GraphedDecoder, batches
from models.runtimes.judging import CLOSE, EXACT, closeness, pictures
from models.runtimes.policy import policy, threads
from models.runtimes.shipped import shipped
from models.runtimes.trial import Trial

log = logging.getLogger(__name__)

SAMPLES = 16  # of a prior, by which faster ways are judged
FITTED = 128  # others, to which bytes are fitted
FEW = 2  # with which what was built is tried here
SLOW = 2.0  # seconds a value from which building takes half an hour, and gains nothing in float32

Run = Callable[[Tensor], Tensor]


class NetworkModel(LatentModel):
    """Decodes by one network and encodes by another, on each device in the fastest way that is close enough.

    Until `speed_up`, and where nothing is faster, both run by PyTorch in float32.
    """

    def __init__(
        self,
        space: LatentSpace,
        media: Media,
        decoder: nn.Module,
        encoder: nn.Module,
        device: torch.device,
        quantised: Path | None = None,
    ) -> None:
        """`decoder` maps latents of the space to values of the media, and `encoder` back.

        In the file `quantised`, if any, is the decoder in bytes, as `runtimes.shipped` writes it.
        """
        self._quantised = quantised
        self.space, self.media, self.device, self._here = space, media, device, policy(device)
        self._decoder, self._encoder = (
            network.eval().requires_grad_(False).to(device, memory_format=self._here.layout)  # type: ignore[call-overload]
            for network in (decoder, encoder)
        )
        self._runs: dict[str, Run] = {
            "decode": self._eager(self._decoder),
            "encode": self._eager(self._encoder),
        }

    @property
    def nbytes(self) -> int:
        """Of the tensors, and of what was compiled."""
        return super().nbytes + sum(run.nbytes for run in self._runs.values() if isinstance(run, Compiled))

    def speed_up(self, cache: Path | None = None) -> None:
        """Compile both networks on a CPU, and find a faster way for previews."""
        with torch.no_grad():
            if self._here.compiles:
                self._compile(Blobs(cache / "networks" if cache else None))
            if self.preview_precision is None and self._here.dtype != torch.float32:
                self._preview_in_dtype()

    def _compile(self, blobs: Blobs) -> None:
        try:
            openvino()
        except RuntimeMissingError as error:
            self._refuse("OpenVINO does not run here", error)
            return
        plan, trial = self.plan(), self._trial()
        ways = self._ways(trial)
        keys = {way: fingerprint(*plan.network(way), plan.target(way), way) for way in ways}
        kept = {way: (way == "int8" and shipped(plan)) or blobs.get(key) for way, key in keys.items()}
        missing = [
            way for way, blob in kept.items() if blob is None or not self._install(plan, way, blob, trial)
        ]
        try:
            for way, blob in built(plan, missing):
                blobs.put(keys[way], blob)
                self._install(plan, way, blob, trial)
        except (RuntimeError, OSError) as error:  # of the library, or of the process that it runs in
            self._refuse("OpenVINO could not compile it", error)
        for remark in blobs.remarks:
            self._refuse(remark)

    def _ways(self, trial: Trial) -> list[Way]:
        """That are worth building here, the most useful first."""
        began = time.perf_counter()
        self._decoder(trial.latents[:1])
        if time.perf_counter() - began > SLOW:
            return []
        in_bf16: list[Way] = ["bf16"] if self._here.dtype == torch.bfloat16 else []
        return ["decode", *in_bf16, "int8", "encode"]

    def _install(self, plan: Plan, way: Way, blob: bytes, trial: Trial) -> bool:
        """Go over to what was built, if it is close; False where building anew might help."""
        if not blob:
            self._refuse(f"{way} is too far from fp32")
            return True
        try:
            made = read(plan.target(way), blob)
            found = trial.closeness(way, made)
        except RuntimeError as error:
            self._refuse(f"{way} could not be read as it was compiled", error)
            return False
        bar = EXACT.worst if way in self._runs else CLOSE.worst
        log.info("%s: %s compiled is %s from PyTorch's", self.space.name, way, found)
        if found.worst < bar:
            self._refuse(f"{way} as it was compiled is too far from fp32", found)
            return False
        if way not in self._runs:
            self._take(made, way)
        else:
            self._runs[way] = made
        return True

    def plan(self) -> Plan:
        """Its networks, and by what faster ways of them are judged."""
        prior, spaces = self.space.prior, (self.space.shape, self.media.shape)
        judges = prior.sample(SAMPLES, seed=0) if prior else None
        fitted = prior.sample(FITTED, seed=1) if prior else None
        cores = threads(self.media.shape)
        return Plan(self._decoder, self._encoder, *spaces, judges, fitted, cores, self._quantised)

    def _trial(self) -> Trial:
        latents = self._judges(FEW)
        values = self._decoder(latents)
        return Trial(latents, values, self._encoder(values))

    def _preview_in_dtype(self) -> None:
        """By PyTorch; on a GPU in graphs, where small batches gain by them."""
        name, latents = self._here.name, self._judges()
        plain = self._eager(copy.deepcopy(self._decoder).to(self._here.dtype), self._here.dtype)
        ways: dict[str, Callable[[], Run]] = {name: lambda: plain}
        if self._here.graphs and batches(self.media):
            graphs = f"{name} in CUDA graphs"
            ways = {graphs: lambda: GraphedDecoder(plain, self.space, self.media, self.device), **ways}
        for way, make in ways.items():
            try:
                made = make()
                found = closeness(self.media.clamp(made(latents)), self.media.clamp(self._decode(latents)))
            except RuntimeError as error:  # PyTorch's answer to an operation it does not have
                self._refuse(f"{way} does not run here", error)
            else:
                if found.reaches(CLOSE):
                    self._take(made, way)
                    return
                self._refuse(f"{way} is too far from fp32", found)

    def _refuse(self, remark: str, why: object = "") -> None:
        log.warning("%s: %s %s", self.space.name, remark, why, extra={"model": self.space.name})
        if remark not in self.precision.split("; "):
            self.precision += f"; {remark}"

    def _take(self, made: Run, way: str) -> None:
        """Preview by it from now on; whoever is being served is served as before."""
        self._runs["preview"], self.preview_precision = made, way

    def _judges(self, most: int | None = None) -> Float[Tensor, "n *latent"]:
        """Latents by which faster ways are judged: samples of the prior, else of pictures that are hard."""
        if self.space.prior is not None:
            return self.space.prior.sample(most or SAMPLES, seed=0).to(self.device)
        return torch.cat([self._encode(one[None].to(self.device)) for one in pictures(self.media.size, most)])

    def _eager(self, network: nn.Module, dtype: torch.dtype = torch.float32) -> Run:
        layout = self._here.layout  # no self within: a model that is unloaded goes at once, without a cycle

        def run(values: Float[Tensor, "n ..."]) -> Float[Tensor, "n ..."]:
            values = values.to(dtype)
            is_picture = values.ndim == 4  # channels, rows and columns, of which a layout tells
            answer: Tensor = network(values.contiguous(memory_format=layout) if is_picture else values)
            return answer

        return run

    def _encode(self, values: Float[Tensor, "n *value"]) -> Float[Tensor, "n *latent"]:
        return self._runs["encode"](values)

    def _decode(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, "n *value"]:
        return self._runs["decode"](latents)

    def _preview(self, latents: Float[Tensor, "n *latent"]) -> Float[Tensor, "n *value"]:
        return self._runs.get("preview", self._runs["decode"])(latents)
