"""Geometry that knows nothing of faces: ramps, rotations, camera matrices, normals, tubes and spheres.

Space: right-handed, x to the picture's right, y up, z towards the camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

Points = Float[np.ndarray, "n 3"]
BasePoints = Float[np.ndarray, "base 3"]  # of the base mesh, where a second mesh is at hand
Triangles = Int[np.ndarray, "m 3"]
Matrix4 = Float[np.ndarray, "4 4"]


def smoothstep(start: float, end: float, x: np.ndarray | float) -> np.ndarray:
    """0 before `start`, 1 after `end`, Hermite in between; `start` may exceed `end`."""
    t = np.clip((np.asarray(x) - start) / (end - start), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


def unit(v: np.ndarray) -> np.ndarray:
    """Vectors of length one along the last axis; a zero vector stays zero rather than becoming NaN."""
    return np.asarray(v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-9))


def rotation(yaw: float, pitch: float, roll: float) -> Float[np.ndarray, "3 3"]:
    """Turn towards +x by `yaw`, tip up by `pitch`, tilt by `roll`; degrees, applied pitch, yaw, roll."""
    (sy, sp, sr), (cy, cp, cr) = (
        np.sin(np.radians([yaw, -pitch, roll])),
        np.cos(np.radians([yaw, pitch, roll])),
    )
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x, np.float32)


def perspective(distance: float, half_height: float, centre_y: float) -> Matrix4:
    """Camera at z = `distance` whose picture spans `centre_y` ± `half_height` at z = 0."""
    near, far = distance - 4.0, distance + 5.0
    focal, depth = distance / half_height, far - near
    return np.array(
        [
            [focal, 0, 0, 0],
            [0, focal, 0, -focal * centre_y],
            [0, 0, -(far + near) / depth, (distance * (far + near) - 2 * far * near) / depth],
            [0, 0, -1, distance],
        ],
        np.float32,
    )


def light_projection(to_light: Float[np.ndarray, " 3"], centre: Float[np.ndarray, " 3"]) -> Matrix4:
    """Orthographic view from the light, 1.9 units to each side of `centre`, for the shadow map."""
    right = unit(np.cross([0.0, 1.0, 0.0], to_light))
    axes = np.stack([right / 1.9, np.cross(to_light, right) / 1.9, -to_light / 4.0])
    matrix = np.eye(4, dtype=np.float32)
    matrix[:3, :3], matrix[:3, 3] = axes, -axes @ centre
    return matrix


class VertexNormals:
    """Area-weighted vertex normals of a fixed triangle list; isolated or degenerate vertices get +z."""

    def __init__(self, triangles: Triangles) -> None:
        self._triangles = triangles
        corners = triangles.ravel()
        order = np.argsort(corners, kind="stable")
        self._owner = order // 3
        self._vertices, self._first = np.unique(corners[order], return_index=True)

    def __call__(self, points: Points) -> Points:
        """Unit normals of these positions."""
        a, b, c = (points[self._triangles[:, i]] for i in range(3))
        u, v = b - a, c - a
        facet = np.stack(
            [
                u[:, 1] * v[:, 2] - u[:, 2] * v[:, 1],
                u[:, 2] * v[:, 0] - u[:, 0] * v[:, 2],
                u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0],
            ],
            axis=1,
        )
        normals = np.zeros_like(points)
        normals[self._vertices] = np.add.reduceat(facet[self._owner], self._first, axis=0)
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        # A zero normal would become NaN when the shader normalises it: give it a direction.
        return np.where(length > 1e-12, normals / np.maximum(length, 1e-12), np.array([0, 0, 1], np.float32))


@dataclass(frozen=True)
class Solid:
    """A triangle mesh without texture."""

    points: Points
    triangles: Triangles


@dataclass(frozen=True)
class DrawData:
    """A mesh ready to draw: one point, unit normal, texture coordinate and extra vector a corner."""

    points: Points
    normals: Points
    triangles: Triangles
    uv: Float[np.ndarray, "n 2"] | None = None
    extra: Float[np.ndarray, "n 4"] | None = None


def join(solids: list[Solid]) -> Solid:
    """One mesh of several."""
    starts = np.cumsum([0] + [len(s.points) for s in solids[:-1]])
    triangles = [s.triangles + start for s, start in zip(solids, starts, strict=True)]
    return Solid(np.vstack([s.points for s in solids]), np.vstack(triangles))


def _grid_triangles(rows: int, columns: int, wrap_rows: bool) -> Triangles:
    """Triangles of a grid whose columns wrap around; its rows may."""
    i, j = np.meshgrid(np.arange(rows if wrap_rows else rows - 1), np.arange(columns), indexing="ij")
    down, right = (i + 1) % rows, (j + 1) % columns
    a, b, c, d = i * columns + j, down * columns + j, down * columns + right, i * columns + right
    return np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])


def tube(path: Points, radius: float, closed: bool, sides: int = 6) -> Solid:
    """A round tube along a path."""
    along = np.roll(path, -1, 0) - np.roll(path, 1, 0)
    if not closed:
        along[0], along[-1] = path[1] - path[0], path[-1] - path[-2]
    along = unit(along)
    # The reference must not be parallel to the path: arms run along z, rims around it.
    reference = np.array([0.0, 0.0, 1.0]) if np.abs(along[:, 2]).mean() < 0.7 else np.array([0.0, 1.0, 0.0])
    side = unit(np.cross(along, reference))
    angle = np.arange(sides) * 2 * np.pi / sides
    ring = np.cos(angle)[:, None] * side[:, None] + np.sin(angle)[:, None] * np.cross(side, along)[:, None]
    points = (path[:, None] + radius * ring).reshape(-1, 3)
    return Solid(points, _grid_triangles(len(path), sides, wrap_rows=closed))


def sphere(rows: int = 14, columns: int = 20) -> tuple[Solid, Float[np.ndarray, "n 2"]]:
    """A unit sphere about the y axis and its texture coordinates."""
    height, angle = np.meshgrid(
        np.linspace(0.02, np.pi - 0.02, rows), np.arange(columns) * 2 * np.pi / columns, indexing="ij"
    )
    points = np.stack([np.sin(height) * np.cos(angle), np.cos(height), np.sin(height) * np.sin(angle)], -1)
    uv = np.stack([4 * angle / (2 * np.pi), height / np.pi], -1)
    return Solid(points.reshape(-1, 3).astype(np.float32), _grid_triangles(rows, columns, False)), uv.reshape(
        -1, 2
    )
