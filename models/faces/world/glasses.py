"""Glasses made by formula in aligned units: rims, bridge, arms and lenses, kept clear of the face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from models.faces.world.bundle import Bundle
from models.faces.world.factors import Factors
from models.faces.world.geometry import BasePoints, Points, Solid, join, smoothstep, tube
from models.faces.world.head import EYE_DISTANCE

_RIM_POINTS = 36


@dataclass(frozen=True)
class _Cut:
    """A kind of glasses: height over width, exponent of the superellipse, frame radius."""

    aspect: float
    exponent: float
    radius: float


_CUTS = {"round": _Cut(1.0, 2.0, 0.021), "rect": _Cut(0.62, 6.0, 0.026), "sunglasses": _Cut(0.84, 2.7, 0.024)}


@dataclass(frozen=True)
class _Layout:
    """The right rim's outline (x, y), its centre, and where the frame stands along z."""

    outline: Float[np.ndarray, "k 2"]
    centre: tuple[float, float]
    half_width: float
    half_height: float
    z: float

    def depth(self, x: np.ndarray | float) -> np.ndarray | float:
        """The frame wraps around the face."""
        return self.z - 0.16 * np.abs(x) ** 2


class GlassesModel:
    """Builds frames and lenses for one head."""

    def __init__(self, bundle: Bundle) -> None:
        base, corner = bundle.arrays["base_verts"], bundle.corner_vertex
        skin = np.zeros(len(base), bool)
        skin[corner[bundle.arrays["body_material"] == 0]] = True
        self._head = np.nonzero(skin & (base[:, 1] > 6.2) & (base[:, 2] > -0.3))[0]
        on_head = base[self._head]
        self._front = self._head[(on_head[:, 2] > 0.6) & (on_head[:, 1] > 6.7) & (on_head[:, 1] < 7.7)]
        ears = [((on_head - [side * 0.74, 7.36, 0.42]) ** 2).sum(1) for side in (1, -1)]
        self._ears = [int(self._head[np.argmin(distance)]) for distance in ears]

    def build(self, f: Factors, face: Points, reach: float) -> tuple[Solid, Solid]:
        """Frame and lenses on the aligned resting face; the arms run `reach` of the way to the ears."""
        cut, layout = _CUTS[f.glasses], self._layout(f, face[self._front])
        solids, lenses = [self._bridge(layout, cut)], []
        for side, ear in zip((1.0, -1.0), self._ears, strict=True):
            x, y = layout.outline.T
            ring = np.stack([side * x, y, layout.depth(x)], 1)
            solids.append(tube(ring, cut.radius, closed=True))
            solids.append(
                tube(self._arm(layout, face, face[ear], side, reach), cut.radius * 0.65, closed=False)
            )
            lenses.append(_fan(ring))
        return join(solids), join(lenses)

    def _layout(self, f: Factors, surface: Points) -> _Layout:
        cut = _CUTS[f.glasses]
        half_width = EYE_DISTANCE * (0.385 + 0.065 * f.glasses_size)
        half_height = half_width * cut.aspect
        t = np.linspace(0, 2 * np.pi, _RIM_POINTS, endpoint=False)
        c, s = np.cos(t), np.sin(t)
        power = 2 / cut.exponent
        centre = max(EYE_DISTANCE / 2 * 1.02, half_width + 0.075), -0.10 * half_height
        x = centre[0] + np.sign(c) * np.abs(c) ** power * half_width
        y = centre[1] + np.sign(s) * np.abs(s) ** power * half_height
        outline = np.stack([x, y], 1)
        return _Layout(outline, centre, half_width, half_height, _clearance(outline, surface))

    def _bridge(self, layout: _Layout, cut: _Cut) -> Solid:
        gap, h = layout.centre[0] - layout.half_width, layout.half_height
        path = np.array(
            [[-gap, 0.30 * h, layout.z], [0, 0.42 * h, layout.z + 0.02], [gap, 0.30 * h, layout.z]]
        )
        return tube(path, cut.radius, closed=False)

    def _arm(
        self, layout: _Layout, face: BasePoints, ear: Float[np.ndarray, " 3"], side: float, reach: float
    ) -> Points:
        """From the hinge to the ear, pushed out where the temple is wider."""
        edge, hinge_y = layout.centre[0] + layout.half_width, layout.centre[1] + 0.45 * layout.half_height
        hinge = np.array([edge + 0.015, hinge_y, layout.depth(edge)])
        end = np.array([abs(ear[0]) + 0.02, ear[1] + 0.02, ear[2]])
        path = [hinge - [0.025, 0, 0]]
        head = face[self._head]
        for share in reach * np.array([0.04, 0.2, 0.4, 0.6, 0.8, 1.0]):
            point = hinge * (1 - share) + end * share
            # Smooth in the head's points: a hard window would make the arm jump from one face to the next.
            near = np.exp(-(((head[:, 1] - point[1]) / 0.07) ** 2 + ((head[:, 2] - point[2]) / 0.07) ** 2))
            temple = float((np.abs(head[:, 0]) * smoothstep(0.3, 0.6, near)).max())
            path.append(np.array([max(point[0], temple + 0.008), point[1], point[2]]))
        return np.asarray(path) * [side, 1, 1]


def _clearance(outline: Float[np.ndarray, "k 2"], surface: Points) -> float:
    """How far forward the frame must stand so that no rim point lies in the face."""
    mirrored = np.stack([np.abs(surface[:, 0]), surface[:, 1]], 1)
    distance = ((outline[:, None] - mirrored[None]) ** 2).sum(-1)
    depth = np.where(distance < 0.06**2, surface[None, :, 2] + 0.16 * outline[:, :1] ** 2, -9.0)
    return max(float(depth[outline[:, 0] > 0.17].max()) + 0.035, 0.30)


def _fan(ring: Points) -> Solid:
    """A disc of triangles from a ring to its middle."""
    k = len(ring)
    triangles = np.stack([np.arange(k), (np.arange(k) + 1) % k, np.full(k, k)], 1)
    return Solid(np.vstack([ring, ring.mean(0)]), triangles)
