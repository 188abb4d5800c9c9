"""Two rows of teeth, made by formula, that follow the person's jaw."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from models.faces.world.bundle import Bundle
from models.faces.world.geometry import Points, VertexNormals
from models.faces.world.head import Head

_COLUMNS, _ROWS = 33, 5


def _arch(width: float, edge: float, height: float, front: float) -> Points:
    """A parabola-like row of teeth from its biting edge (`edge`) over `height`, base units."""
    angle, t = np.meshgrid(
        np.radians(np.linspace(-78, 78, _COLUMNS)), np.linspace(0, 1, _ROWS), indexing="ij"
    )
    # The upper front teeth reach a little lower than the side teeth.
    sag = 0.012 * np.cos(angle) ** 2 if height > 0 else 0.0
    y = edge + (height + 0.012 * np.cos(2 * angle)) * t - sag + 0.02
    z = front - 0.42 + 0.42 * np.cos(angle) - 0.02 * (t - 0.4) ** 2
    return np.stack([width * np.sin(angle), y, z], -1).reshape(-1, 3)


def _rigid_fit(source: Points, target: Points) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, " 3"]]:
    """Rotation and shift that best carry `source` to `target` (Kabsch 1976)."""
    a, b = source.mean(0), target.mean(0)
    u, _, vt = np.linalg.svd((source - a).T @ (target - b))
    turn = vt.T @ np.diag([1, 1, np.sign(np.linalg.det(vt.T @ u.T))]) @ u.T
    return turn, b - turn @ a


class Teeth:
    """The mesh of both rows: texture u counts teeth, v runs from the edge (0) to the gum (1)."""

    def __init__(self, bundle: Bundle) -> None:
        self._base = bundle.arrays["base_verts"]
        self._helpers = (bundle.arrays["upper_teeth"], bundle.arrays["lower_teeth"])
        self._arches = (_arch(0.285, 6.612, 0.19, 1.482), _arch(0.26, 6.555, -0.17, 1.440))
        i, j = np.meshgrid(np.arange(_COLUMNS - 1) * _ROWS, np.arange(_ROWS - 1), indexing="ij")
        corner = (i + j).ravel()
        upper = np.concatenate(
            [
                np.stack([corner, corner + _ROWS, corner + _ROWS + 1], 1),
                np.stack([corner, corner + _ROWS + 1, corner + 1], 1),
            ]
        )
        # The lower row is mirrored top to bottom, so its triangles wind the other way.
        self.triangles = np.concatenate([upper, upper[:, ::-1] + _COLUMNS * _ROWS])
        self.normals = VertexNormals(self.triangles)
        angle, t = np.meshgrid(np.linspace(-78, 78, _COLUMNS), np.linspace(0, 1, _ROWS), indexing="ij")
        self.uv = np.tile(np.stack([angle / 156 * 11, t], -1).reshape(-1, 2), (2, 1))
        visibility = np.tile(0.25 + 0.75 * np.cos(np.radians(angle)).ravel() ** 1.5, 2)
        self.extra = np.repeat(visibility[:, None], 4, 1)

    def points(self, head: Head) -> Points:
        """Both rows in base units, the lower one carried by the jaw."""
        rows = []
        for arch, helper in zip(self._arches, self._helpers, strict=True):
            size = head.identity[helper].std(0) / self._base[helper].std(0)
            rows.append((arch - self._base[helper].mean(0)) * size + head.identity[helper].mean(0))
        turn, shift = _rigid_fit(head.identity[self._helpers[1]], head.points[self._helpers[1]])
        rows[1] = rows[1] @ turn.T + shift
        return np.vstack(rows).astype(np.float32)
