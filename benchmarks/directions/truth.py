"""The truth: the same portrait rendered again with one factor changed, against which an edit is held."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from benchmarks.directions.measure import BATCH
from models.base import LatentModel
from models.faces.evaluation.probes import VISIBLE
from models.faces.world.factors import FACTORS, Factors
from models.pictures import to_tensor

CHANGED = 8  # levels of 255: pixels that the true edit changes more than this are its region
WITHOUT, WITH = "none", "round"  # of a class: what any kind is changed to, and what takes its place

Draw = Callable[[Factors], UInt8[np.ndarray, "h w 3"]]
Images = Float[Tensor, "n 3 h w"]


@dataclass(frozen=True, eq=False)
class TrueEdits:
    """Portraits in which one factor can be seen, before and after that factor alone is changed."""

    rows: np.ndarray  # of all portraits that are measured
    steps: Float[np.ndarray, " n"]  # the change in σ of the label
    latents: Float[Tensor, "n d"]  # of the renders before
    before: Images  # decoded from those
    after: Images  # the changed renders, encoded and decoded
    region: Bool[Tensor, "n h w"]  # where the render itself changes


@dataclass(frozen=True)
class Nearness:
    """How near edits come to the true edits, beside no edit; `region` ones count the changed pixels only."""

    count: int  # portraits in which the factor can be seen
    share: float  # of them whose edit is nearer to the truth than their unedited picture is
    ratio: float  # median over portraits of the edit's distance to the unedited one's; below 1 is nearer
    region_share: float
    region_ratio: float


def true_edit(factors: Factors, label: str, sigma: float) -> tuple[Factors, float]:
    """The portrait with one factor changed, and the change in σ of its label.

    A number goes up by `sigma`, or down where its range would end. A class goes to WITHOUT, or from there to
    the kind that the label names (WITH, where it names none): a label of 0 and 1.
    """
    name, _, kind = label.partition(":")
    value = getattr(factors, name)
    changed: dict[str, Any]
    if FACTORS[name].kind == "categorical":
        step = 1.0 if value == WITHOUT else -1.0
        changed = {name: (kind or WITH) if step > 0 else WITHOUT}
    else:
        step = sigma if value + sigma <= FACTORS[name].high else -sigma
        changed = {name: value + step}
    return replace(factors, **changed), step / sigma


def comparable(label: str, portraits: Sequence[Factors]) -> np.ndarray:
    """Rows of those in which the factor can be seen; of a kind's label, those with that kind or with none."""
    name, _, kind = label.partition(":")
    frame = pd.DataFrame([factors.to_dict() for factors in portraits])
    keep = frame[name].isin([kind, WITHOUT]) if kind else pd.Series(True, frame.index)
    if name in VISIBLE:
        keep &= frame.eval(VISIBLE[name])
    return np.flatnonzero(keep)


def draw_edits(
    model: LatentModel, draw: Draw, portraits: Sequence[Factors], label: str, sigma: float
) -> TrueEdits:
    """Render and encode those portraits in which the factor can be seen, and once more with it changed."""
    rows = comparable(label, portraits)
    changed = [true_edit(portraits[row], label, sigma) for row in rows]
    originals = np.stack([draw(portraits[row]) for row in rows])
    edits = np.stack([draw(factors) for factors, _ in changed])
    moved = np.abs(edits.astype(int) - originals).max(-1) > CHANGED
    latents = _encode(model, originals)
    return TrueEdits(
        rows=rows,
        steps=np.array([step for _, step in changed]),
        latents=latents,
        before=_decode(model, latents),
        after=_decode(model, _encode(model, edits)),
        region=torch.from_numpy(moved),
    )


def nearness(model: LatentModel, edits: TrueEdits, step: Float[Tensor, "n d"], gain: float) -> Nearness:
    """Steer each portrait as far as its true change asks, and compare.

    `step` is that of one σ of a direction, in each of all portraits; `gain` of them are one σ of the label.
    """
    strengths = torch.from_numpy(gain * edits.steps).to(edits.latents)[:, None]
    edited = _decode(model, edits.latents + strengths * step[edits.rows])
    everywhere = torch.ones_like(edits.region)
    share, ratio = _compare(edited, edits, everywhere)
    region_share, region_ratio = _compare(edited, edits, edits.region)
    return Nearness(len(edits.steps), share, ratio, region_share, region_ratio)


def _compare(edited: Images, edits: TrueEdits, region: Bool[Tensor, "n h w"]) -> tuple[float, float]:
    """Share of portraits that are nearer, and median ratio; those without a region count for neither."""
    some = region.any(dim=(1, 2))
    near = distance(edited, edits.after, region)[some]
    far = distance(edits.before, edits.after, region)[some]
    if len(near) == 0:
        return float("nan"), float("nan")
    return float((near < far).double().mean()), float((near / far).median())


def distance(a: Images, b: Images, region: Bool[Tensor, "n h w"]) -> Float[Tensor, " n"]:
    """Root mean square difference over the pixels of a region, in levels of 255; 0 for an empty region."""
    squares = (a - b).double().square().mean(1) * region
    return 127.5 * (squares.sum((1, 2)) / region.sum((1, 2)).clamp(min=1)).sqrt()


def _encode(model: LatentModel, pixels: UInt8[np.ndarray, "n h w 3"]) -> Float[Tensor, "n d"]:
    return torch.cat([model.encode(batch) for batch in to_tensor(pixels).split(BATCH)])


def _decode(model: LatentModel, latents: Float[Tensor, "n d"]) -> Images:
    return torch.cat([model.decode(batch) for batch in latents.split(BATCH)])
