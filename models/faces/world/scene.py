"""From factors to what is drawn: every mesh of a portrait, posed in front of the camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from models.faces.world.bundle import Bundle
from models.faces.world.factors import Factors
from models.faces.world.geometry import DrawData, Points, VertexNormals, smoothstep
from models.faces.world.glasses import GlassesModel
from models.faces.world.hair import STYLES, HairMesh, HairModel
from models.faces.world.head import Head, HeadModel, Pose
from models.faces.world.teeth import Teeth

LASHES = "lash0"


@dataclass(frozen=True)
class Scene:
    """The meshes of one portrait, and where the posed eyes (left, right) and the top of the head point."""

    body: DrawData
    teeth: DrawData
    eyes: DrawData
    brow: DrawData
    lashes: DrawData
    hair: list[HairMesh]
    frame: DrawData | None
    lenses: DrawData | None
    eye_centres: Float[np.ndarray, "2 3"]
    head_up: Float[np.ndarray, " 3"]


class SceneBuilder:
    """Builds scenes from one bundle; keeps only what does not depend on the factors."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._heads, self._hair = HeadModel(bundle), HairModel(bundle)
        self._glasses, self._teeth = GlassesModel(bundle), Teeth(bundle)
        base, corner = bundle.arrays["base_verts"], bundle.corner_vertex
        self._normals = VertexNormals(corner[bundle.triangles])
        self._above_collar = _height_above_collar(base)
        visibility, material = bundle.arrays["body_ao"], bundle.arrays["body_material"]
        extra = [visibility[corner], material, self._above_collar[corner], _freckle_zone(base)[corner]]
        self._body_extra = np.stack(extra, 1)

    def build(self, f: Factors) -> Scene:
        """The scene of one set of factors, a pure function of them."""
        head = self._heads.build(f)
        pose = Pose.of(f, head.left_eye, head.right_eye)
        frame, lenses = self._worn_glasses(f, head, pose)
        brow = _thickened(self._bundle.proxies[f.brow_style].fit(head.points), 0.78 + 0.55 * f.gender)
        return Scene(
            body=self._body(f, head, pose),
            teeth=self._teeth_mesh(head, pose),
            eyes=self._follow("eyes", self._heads.eyes(head, f), pose),
            brow=self._follow(f.brow_style, brow, pose),
            lashes=self._follow(LASHES, self._bundle.proxies[LASHES].fit(head.points), pose),
            hair=self._hair.build(f, head, pose),
            frame=frame,
            lenses=lenses,
            eye_centres=pose.place(pose.align(np.stack([head.left_eye, head.right_eye]))),
            head_up=pose.head[:, 1],
        )

    def _body(self, f: Factors, head: Head, pose: Pose) -> DrawData:
        """Head, neck and shoulders; shirt and full beard stand off the skin."""
        cloth = smoothstep(0.02, -0.06, self._above_collar)
        beard = self._bundle.arrays["body_beard"] * smoothstep(0.45, 1.0, f.beard)
        lift = (0.045 * cloth + 0.05 * beard).astype(np.float32)[:, None]
        points = pose.place(pose.align(head.points + self._normals(head.points) * lift))
        normals, corner = self._normals(points), self._bundle.corner_vertex
        uv, triangles = self._bundle.arrays["body_uv"], self._bundle.triangles
        return DrawData(points[corner], normals[corner], triangles, uv, self._body_extra)

    def _teeth_mesh(self, head: Head, pose: Pose) -> DrawData:
        teeth = self._teeth
        points = pose.place(pose.align(teeth.points(head)))
        return DrawData(points, teeth.normals(points), teeth.triangles, teeth.uv, teeth.extra)

    def _follow(self, key: str, points: Points, pose: Pose) -> DrawData:
        proxy = self._bundle.proxies[key]
        placed = pose.place(pose.align(points))
        corner = proxy.corner_vertex
        return DrawData(placed[corner], proxy.normals(placed)[corner], proxy.triangles, proxy.uv)

    def _worn_glasses(self, f: Factors, head: Head, pose: Pose) -> tuple[DrawData | None, DrawData | None]:
        if f.glasses == "none":
            return None, None
        # Hair over the ears hides the arms: they end at the temple rather than pierce it.
        reach = 0.30 if STYLES[f.hair_style].covers_ears else 1.0
        meshes = []
        for solid in self._glasses.build(f, pose.align(head.identity), reach):
            points = pose.place(solid.points.astype(np.float32))
            meshes.append(DrawData(points, VertexNormals(solid.triangles)(points), solid.triangles))
        return meshes[0], meshes[1]


def _height_above_collar(base: Points) -> Float[np.ndarray, " n"]:
    x, y, z = base.T
    return np.asarray(y - (6.00 + 0.10 * smoothstep(0.9, -0.3, z) + 0.03 * np.abs(x)), np.float32)


def _freckle_zone(base: Points) -> Float[np.ndarray, " n"]:
    """1 on nose and cheeks, falling off around them."""
    x, y, z = base.T
    zone = np.exp(-(((np.abs(x) - 0.28) / 0.34) ** 2) - ((y - 6.86) / 0.19) ** 2) * smoothstep(0.5, 0.9, z)
    return np.asarray(zone, np.float32)


def _thickened(brow: Points, factor: float) -> Points:
    """Each brow's height scaled about its own middle line."""
    middle = np.median(brow[:, 1])
    return np.asarray(brow * [1, factor, 1] + np.array([0, middle * (1 - factor), 0]), np.float32)
