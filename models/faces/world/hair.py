"""Hair styles: each is one or more meshes of the bundle (or made by formula), reshaped in aligned units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from models.faces.world.bundle import Bundle, Proxy
from models.faces.world.factors import Factors
from models.faces.world.geometry import DrawData, Points, Triangles, VertexNormals, smoothstep, sphere
from models.faces.world.head import Head, Pose

Reshape = Callable[[Points, float], Points]
STRANDS = "strands"  # the texture of meshes made by formula


@dataclass(frozen=True)
class Piece:
    """One mesh of a style: how `hair_length` reshapes it, and which of its triangles are kept."""

    proxy: str
    reshape: Reshape
    keep: Callable[[Points], Bool[np.ndarray, " n"]] | None = None


@dataclass(frozen=True)
class Bun:
    """A ball of hair: where it sits above the crown, and its radius."""

    x: float
    above: float
    z: float
    radius: float


@dataclass(frozen=True)
class Style:
    """`scalp` is how dark the painted scalp under the hair is; `covers_ears` hides the arms of glasses."""

    pieces: tuple[Piece, ...] = ()
    buns: tuple[Bun, ...] = ()
    scalp: float = 0.96
    covers_ears: bool = False


@dataclass(frozen=True)
class HairMesh:
    """Posed hair: a key that names its topology, its texture, its vertices."""

    key: str
    texture: str
    data: DrawData


def _moved(
    points: Points, x: np.ndarray | float = 0.0, y: np.ndarray | float = 0.0, z: np.ndarray | float = 0.0
) -> Points:
    return np.asarray(points + np.stack(np.broadcast_arrays(x, y, z, points[:, 0])[:3], -1), np.float32)


def _swelled(points: Points, amount: float) -> Points:
    """Pushed away from the middle of the skull, less so at the hairline of the face."""
    away = points - np.array([0, 0.25, -0.75], np.float32)
    share = amount * smoothstep(0.25, -0.5, points[:, 2:])
    return np.asarray(points + share * away / np.linalg.norm(away, axis=1, keepdims=True), np.float32)


def _crop(p: Points, length: float) -> Points:
    return _moved(p, y=(0.16 * length - 0.06) * smoothstep(0.75, 1.25, p[:, 1]))


def _mop(p: Points, length: float) -> Points:
    return _swelled(p, 0.02 + 0.12 * length)


def _quiff(p: Points, length: float) -> Points:
    front = smoothstep(0.55, 1.05, p[:, 1]) * smoothstep(-1.3, -0.2, p[:, 2])
    return _moved(p, y=(0.20 + 0.25 * length) * front, z=0.10 * front)


def _afro(p: Points, length: float) -> Points:
    return _swelled(p, 0.20 * length)


def _tied(p: Points, length: float) -> Points:
    return _moved(p, y=(0.10 * length) * smoothstep(0.6, 1.2, p[:, 1]))


def _side_tail(p: Points, length: float) -> Points:
    """The tail comes forward over one shoulder."""
    tail = smoothstep(0.15, -0.55, p[:, 1]) * smoothstep(-1.0, -1.5, p[:, 2])
    moved = _moved(p, x=(0.55 + 0.5 * p[:, 0] + 0.30 * length) * tail, z=1.15 * tail)
    return _moved(moved, y=0.08 * length * smoothstep(0.6, 1.2, p[:, 1]))


def _stretched(p: Points, factor: float, start: float = -0.15) -> Points:
    """Everything below `start` pulled down (factor > 1) or up."""
    y = p[:, 1]
    return _moved(p, y=np.where(y < start, (y - start) * (factor - 1), 0.0))


def _bob(p: Points, length: float) -> Points:
    return _stretched(_swelled(p, 0.05), 0.62 + 0.38 * length)


def _long(p: Points, length: float) -> Points:
    return _moved(_stretched(p, 0.65 + 0.35 * length), x=-0.10 * p[:, 0] * smoothstep(-0.3, -1.2, p[:, 1]))


def _wavy(p: Points, length: float) -> Points:
    below = smoothstep(0.75, -0.25, p[:, 1])
    wave = np.sin(7.5 * p[:, 1] + 3.0 * p[:, 2])
    wide = _moved(p, x=below * np.sign(p[:, 0]) * (0.14 + 0.11 * length + 0.11 * wave), z=0.08 * below * wave)
    return _stretched(_swelled(wide, 0.10 + 0.06 * length), 0.62)


def _fringe(p: Points, length: float) -> Points:
    """Lower over the forehead; its upper end slips under the other hair."""
    front, above = smoothstep(-0.3, 0.2, p[:, 2]), smoothstep(0.80, 1.15, p[:, 1])
    drop = (0.03 + 0.09 * length) * front * (1 - above) + 0.14 * above
    return _moved(p, x=-0.04 * p[:, 0], y=-0.04 - drop, z=-0.02 * front - 0.08 * above)


def _over_forehead(p: Points) -> Bool[np.ndarray, " n"]:
    return np.asarray((p[:, 1] > 0.18) & (p[:, 2] > -0.45) & (np.abs(p[:, 0]) < 0.66))


_FRINGE = Piece("hair_short02", _fringe, _over_forehead)
STYLES: dict[str, Style] = {
    "bald": Style(scalp=0.0),
    "buzz": Style(scalp=0.88),
    "crop": Style((Piece("hair_short01", _crop),)),
    "mop": Style((Piece("hair_short02", _mop),)),
    "quiff": Style((Piece("hair_short04", _quiff),)),
    "afro": Style((Piece("hair_afro01", _afro),)),
    "bun": Style((Piece("hair_ponytail01", _tied),), (Bun(0.0, 0.06, -0.62, 0.42),)),
    "twin_buns": Style(
        (Piece("hair_ponytail01", _tied),), (Bun(-0.62, -0.16, -0.7, 0.34), Bun(0.62, -0.16, -0.7, 0.34))
    ),
    "side_ponytail": Style((Piece("hair_ponytail01", _side_tail),)),
    "bob": Style((Piece("hair_bob02", _bob),), covers_ears=True),
    "bob_fringe": Style((Piece("hair_bob02", _bob), _FRINGE), covers_ears=True),
    "long": Style((Piece("hair_long01", _long),), covers_ears=True),
    "long_fringe": Style((Piece("hair_long01", _long), _FRINGE), covers_ears=True),
    "wavy": Style((Piece("hair_long01", _wavy),), covers_ears=True),
}


class HairModel:
    """Builds the hair meshes of one head."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._ball, self._ball_uv = sphere()
        self._ball_normals = VertexNormals(self._ball.triangles)
        self._kept: dict[str, tuple[Triangles, VertexNormals]] = {}

    def build(self, f: Factors, head: Head, pose: Pose) -> list[HairMesh]:
        """The posed meshes of the factors' hair style; none for bald and buzz."""
        style, meshes, crown = STYLES[f.hair_style], [], 0.0
        for piece in style.pieces:
            proxy = self._bundle.proxies[piece.proxy]
            rest = pose.align(proxy.fit(head.identity))
            crown = max(crown, float(rest[:, 1].max()))
            meshes.append(self._draped(piece, proxy, pose.place(piece.reshape(rest, f.hair_length))))
        size = 0.82 + 0.36 * f.hair_length
        for i, bun in enumerate(style.buns):
            centre = np.array([bun.x, crown + bun.above, bun.z], np.float32)
            points = pose.place(
                self._ball.points * np.array([1.0, 0.85, 0.95], np.float32) * bun.radius * size + centre
            )
            normals = self._ball_normals(points)
            data = DrawData(points, normals, self._ball.triangles, self._ball_uv)
            meshes.append(HairMesh(f"bun{i}", STRANDS, data))
        return meshes

    def _draped(self, piece: Piece, proxy: Proxy, points: Points) -> HairMesh:
        triangles, normals = self._triangles(piece, proxy)
        corner = proxy.corner_vertex
        key = piece.proxy + ("" if piece.keep is None else "_kept")
        data = DrawData(points[corner], normals(points)[corner], triangles, proxy.uv)
        return HairMesh(key, piece.proxy, data)

    def _triangles(self, piece: Piece, proxy: Proxy) -> tuple[Triangles, VertexNormals]:
        if piece.keep is None:
            return proxy.triangles, proxy.normals
        if piece.proxy not in self._kept:
            # Chosen on the undeformed mesh, so that a person's shape never changes the topology.
            base = self._bundle.arrays["base_verts"]
            eyes = base[np.concatenate([self._bundle.arrays["eye_left"], self._bundle.arrays["eye_right"]])]
            inside = piece.keep(proxy.fit(base) - eyes.mean(0))[proxy.corner_vertex]
            triangles = proxy.triangles[inside[proxy.triangles].all(1)]
            self._kept[piece.proxy] = triangles, VertexNormals(proxy.corner_vertex[triangles])
        return self._kept[piece.proxy]
