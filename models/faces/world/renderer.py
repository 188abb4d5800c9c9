"""The portrait renderer: a picture and a part map as a pure function of the factors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import moderngl
import numpy as np
from jaxtyping import UInt8

from models.errors import InputError
from models.faces.world import shading, textures
from models.faces.world.bundle import open_bundle
from models.faces.world.canvas import Canvas, Mesh
from models.faces.world.developing import develop, read_samples
from models.faces.world.factors import Factors
from models.faces.world.geometry import light_projection, perspective
from models.faces.world.hair import STRANDS
from models.faces.world.scene import LASHES, Scene, SceneBuilder

CAMERA_DISTANCE, HALF_HEIGHT, CENTRE_Y = 11.0, 1.18, 0.03
_EYE_TEXTURES = {
    "brown": "eye_brown",
    "hazel": "eye_brownlight",
    "blue": "eye_blue",
    "green": "eye_green",
    "grey": "eye_grey",
}


class Part(IntEnum):
    """What a pixel shows. Where several fall into one pixel the highest wins, so that small parts survive."""

    BACKDROP = 0
    CLOTHES = 1
    SKIN = 2
    HAIR = 3
    MOUTH = 4  # lips, teeth, inside of the mouth
    BROW = 5
    EYE = 6  # eyeball, lashes and lids
    GLASSES = 7  # frames, and the lenses of sunglasses


@dataclass(frozen=True)
class Portrait:
    """image: sRGB, 0 to 255, top row first; parts: one `Part` a pixel."""

    image: UInt8[np.ndarray, "size size 3"]
    parts: UInt8[np.ndarray, "size size"]


class Renderer:
    """Draws portraits. One OpenGL context: use it from one thread.

    assets is the directory of the face bundle. Raises BundleError (an InputError) on missing or bad assets,
    GraphicsError where no EGL context can be had.
    """

    def __init__(self, assets: Path) -> None:
        bundle = open_bundle(assets)
        self._bundle, self._scenes = bundle, SceneBuilder(bundle)
        self._canvas = canvas = Canvas({part.name: part.value for part in Part})
        own = [name for name in bundle.textures if not name.startswith("skin_") and name != "masks"]
        self._textures = {name: canvas.texture(bundle.image(name)) for name in own}
        self._textures[STRANDS] = canvas.texture(textures.strands())
        self._masks = canvas.texture(textures.with_noise(bundle.image("masks")))
        self._freckles = canvas.texture(textures.freckles(bundle.image("masks").size))
        self._skins = canvas.texture_array([bundle.image(name, "RGB") for name in bundle.skin_layers])

    def render(self, f: Factors, size: int = 128) -> Portrait:
        """One portrait of `size` x `size` pixels; raises InputError when size is not in 16..1024."""
        if not 16 <= size <= 1024:
            raise InputError(f"size: expected 16 to 1024 pixels; got {size}")
        # Another renderer of this process may have made its own context the current one.
        with self._canvas.context:
            return self._render(f, size, samples=2 if size >= 128 else 4)

    def _render(self, f: Factors, size: int, samples: int) -> Portrait:
        scene = self._scenes.build(f)
        self._set_light(f, scene)
        meshes = self._upload(f, scene)
        self._draw_shadows(scene, meshes)
        target = self._canvas.begin(size * samples)
        self._draw(f, scene, meshes, target)
        color = read_samples(target, 0, samples).mean((1, 3), dtype=np.float32)
        parts = read_samples(target, 1, samples).max((1, 3))[..., 0]
        return Portrait(develop(color, f), parts)

    def _set_light(self, f: Factors, scene: Scene) -> None:
        canvas, (left, right) = self._canvas, scene.eye_centres
        canvas.set_matrix("view_projection", perspective(CAMERA_DISTANCE, HALF_HEIGHT, CENTRE_Y))
        to_light = shading.to_light(f)
        canvas.set_matrix("light_projection", light_projection(to_light, np.array([0, -0.3, -0.6])))
        canvas.set(camera=(0.0, 0.0, CAMERA_DISTANCE), left_eye=left, right_eye=right, head_up=scene.head_up)
        canvas.set(**shading.light_uniforms(f), **shading.skin_uniforms(self._bundle, f))

    def _upload(self, f: Factors, scene: Scene) -> dict[str, Mesh]:
        canvas = self._canvas
        meshes = {
            "body": canvas.mesh("body", "skin", scene.body),
            "teeth": canvas.mesh("teeth", "teeth", scene.teeth),
            "eyes": canvas.mesh("eyes", "eye", scene.eyes),
            "brow": canvas.mesh(f.brow_style, "card", scene.brow),
            "lashes": canvas.mesh("lashes", "card", scene.lashes),
        }
        for hair in scene.hair:
            meshes[hair.key] = canvas.mesh(hair.key, "hair", hair.data)
        if scene.frame and scene.lenses:
            meshes["frame"] = canvas.mesh("frame", "glasses", scene.frame)
            meshes["lenses"] = canvas.mesh("lenses", "glasses", scene.lenses)
        return meshes

    def _draw_shadows(self, scene: Scene, meshes: dict[str, Mesh]) -> None:
        """Depth as the main light sees it; brows, lashes, teeth and lenses cast nothing."""
        self._canvas.begin_shadow()
        for key in ("body", "frame"):
            if key in meshes:
                self._canvas.draw_shadow(meshes[key], self._masks, minimum_alpha=0.0)
        for hair in scene.hair:
            self._canvas.draw_shadow(meshes[hair.key], self._textures[hair.texture], minimum_alpha=0.5)

    def _draw(self, f: Factors, scene: Scene, meshes: dict[str, Mesh], target: moderngl.Framebuffer) -> None:
        """Opaque surfaces first, then cards, frames, hair fringes and lenses over them."""
        context = self._canvas.context
        for unit, texture in ((1, self._skins), (2, self._masks), (4, self._freckles)):
            texture.use(unit)
        self._draw_hair(f, scene, meshes, minimum_alpha=0.6, maximum_alpha=2.0, opaque=1.0)
        # Backs of skin are never seen, and the skin shader is the costly one.
        context.enable(moderngl.CULL_FACE)
        meshes["body"].draw()
        context.disable(moderngl.CULL_FACE)
        meshes["teeth"].draw()
        context.enable(moderngl.BLEND)
        self._draw_eyes(f, meshes, target)
        if scene.frame:
            self._canvas.set(tint=shading.frame_color(f), coverage=1.0, specular=0.5)
            meshes["frame"].draw()
        target.depth_mask = False
        self._draw_hair(f, scene, meshes, minimum_alpha=0.03, maximum_alpha=0.6, opaque=0.0)
        if scene.lenses:
            tint, coverage = shading.lens_look(f)
            self._canvas.set(tint=tint, coverage=coverage, specular=0.06)
            meshes["lenses"].draw()
        target.depth_mask = True
        context.disable(moderngl.BLEND)

    def _draw_hair(self, f: Factors, scene: Scene, meshes: dict[str, Mesh], **limits: float) -> None:
        self._canvas.set(tint=shading.hair_color(f), **limits)
        for hair in scene.hair:
            self._textures[hair.texture].use(0)
            meshes[hair.key].draw()

    def _draw_eyes(self, f: Factors, meshes: dict[str, Mesh], target: moderngl.Framebuffer) -> None:
        """Eyeballs, then brows and lashes, which are drawn over them without hiding what follows."""
        canvas = self._canvas
        self._textures[_EYE_TEXTURES[f.eye_color]].use(0)
        canvas.set(tint=shading.iris_tint(f))
        meshes["eyes"].draw()
        target.depth_mask = False
        self._textures[f.brow_style].use(0)
        canvas.set(tint=shading.brow_color(f), coverage=0.80 + 0.30 * f.gender, part=int(Part.BROW))
        meshes["brow"].draw()
        self._textures[LASHES].use(0)
        canvas.set(tint=shading.LASH_COLOR, coverage=1.25 - 0.85 * f.gender, part=int(Part.EYE))
        meshes["lashes"].draw()
        target.depth_mask = True
