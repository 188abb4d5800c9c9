"""The portrait renderer: a picture and a part map as a pure function of the factors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import moderngl
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from models.faces import shading
from models.faces.bundle import Bundle, open_bundle
from models.faces.canvas import Canvas, Mesh
from models.faces.factors import Factors
from models.faces.geometry import Points, VertexNormals, light_projection, perspective, smoothstep
from models.faces.glasses import GlassesModel
from models.faces.hair import STRANDS, STYLES, HairModel
from models.faces.head import Head, HeadModel, Pose
from models.faces.teeth import Teeth

CAMERA_DISTANCE, HALF_HEIGHT, CENTRE_Y = 11.0, 1.18, 0.03
_EYE_TEXTURES = {"brown": "eye_brown", "hazel": "eye_brownlight", "blue": "eye_blue", "green": "eye_green", "grey": "eye_grey"}
_LASHES = "lash0"


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
    """image: sRGB, 0 to 255; parts: one `Part` a pixel."""

    image: UInt8[np.ndarray, "size size 3"]
    parts: UInt8[np.ndarray, "size size"]


class Renderer:
    """Draws portraits. One OpenGL context: use it from one thread."""

    def __init__(self, assets: Path) -> None:
        """Load the bundle at `assets`; raises BundleError on bad assets, GraphicsError where EGL is missing."""
        self._bundle = bundle = open_bundle(assets)
        self._heads, self._hair, self._glasses, self._teeth = (
            HeadModel(bundle), HairModel(bundle), GlassesModel(bundle), Teeth(bundle)
        )  # fmt: skip
        corner = bundle.corner_vertex
        self._normals = VertexNormals(corner[bundle.triangles])
        self._above_collar = _height_above_collar(bundle.arrays["base_verts"])
        self._body_extra = np.stack(
            [bundle.arrays["body_ao"][corner], bundle.arrays["body_material"].astype("f4"),
             self._above_collar[corner], _freckle_zone(bundle.arrays["base_verts"])[corner]], 1)  # fmt: skip
        self._canvas = Canvas({part.name: part.value for part in Part})
        self._load_textures()

    def _load_textures(self) -> None:
        bundle, canvas = self._bundle, self._canvas
        own = [name for name in bundle.textures if not name.startswith("skin_") and name != "masks"]
        self._textures = {name: canvas.texture(bundle.image(name)) for name in own}
        self._textures[STRANDS] = canvas.texture(_strands())
        self._masks = canvas.texture(_with_noise(bundle.image("masks")))
        self._freckles = canvas.texture(_freckle_image(bundle.image("masks").size))
        self._skins = canvas.texture_array([bundle.image(name, "RGB") for name in bundle.skin_layers])

    def render(self, f: Factors, size: int = 128) -> Portrait:
        """One portrait of `size` x `size` pixels; raises ValueError when size is not in 16..1024."""
        if not 16 <= size <= 1024:
            raise ValueError(f"size: expected 16 to 1024 pixels; got {size}")
        samples = 2 if size >= 128 else 4
        head = self._heads.build(f)
        pose = Pose.of(f, head.left_eye, head.right_eye)
        scene = self._scene(f, head, pose)
        self._light(f, pose, head)
        self._draw_shadows(f, scene)
        target = self._canvas.begin(size * samples)
        self._draw(f, scene, target)
        color = _read(target, 0, 4, "f2", np.float16, samples).mean((1, 3), dtype=np.float32)
        parts = _read(target, 1, 1, "f1", np.uint8, samples).max((1, 3))[..., 0]
        return Portrait(_developed(color, f), parts)

    def _scene(self, f: Factors, head: Head, pose: Pose) -> dict[str, Mesh]:
        """All meshes of the portrait, posed; the keys of hair start with 'hair'."""
        scene = {"body": self._body(f, head, pose), "teeth": self._teeth_mesh(head, pose)}
        scene["eyes"] = self._follow("eyes", "eye", self._heads.eyes(head, f), pose)
        brow = self._bundle.proxies[f.brow_style].fit(head.points)
        scene["brow"] = self._follow(f.brow_style, "card", _thickened(brow, 0.78 + 0.55 * f.gender), pose)
        scene["lashes"] = self._follow(_LASHES, "card", self._bundle.proxies[_LASHES].fit(head.points), pose)
        for hair in self._hair.build(f, head, pose):
            mesh = self._canvas.mesh(hair.key, "hair", hair.points, hair.normals, hair.triangles, hair.uv)
            scene[f"hair {hair.texture} {hair.key}"] = mesh
        if f.glasses != "none":
            reach = 0.30 if STYLES[f.hair_style].covers_ears else 1.0
            for name, solid in zip(("frame", "lenses"), self._glasses.build(f, pose.align(head.identity), reach), strict=True):
                points = pose.place(solid.points.astype(np.float32))
                normals = VertexNormals(solid.triangles)(points)
                scene[name] = self._canvas.mesh(name, "glasses", points, normals, solid.triangles)
        return scene

    def _body(self, f: Factors, head: Head, pose: Pose) -> Mesh:
        """Head, neck and shoulders; shirt and full beard stand off the skin."""
        cloth = smoothstep(0.02, -0.06, self._above_collar)
        beard = self._bundle.arrays["body_beard"] * smoothstep(0.45, 1.0, f.beard)
        lift = (0.045 * cloth + 0.05 * beard).astype(np.float32)[:, None]
        points = pose.place(pose.align(head.points + self._normals(head.points) * lift))
        normals, corner = self._normals(points), self._bundle.corner_vertex
        return self._canvas.mesh(
            "body", "skin", points[corner], normals[corner], self._bundle.triangles,
            self._bundle.arrays["body_uv"], self._body_extra)  # fmt: skip

    def _teeth_mesh(self, head: Head, pose: Pose) -> Mesh:
        points = pose.place(pose.align(self._teeth.points(head)))
        extra = np.repeat(self._teeth.visibility[:, None], 4, 1)
        return self._canvas.mesh("teeth", "teeth", points, self._teeth.normals(points), self._teeth.triangles, self._teeth.uv, extra)

    def _follow(self, key: str, material: str, points: Points, pose: Pose) -> Mesh:
        proxy = self._bundle.proxies[key]
        placed = pose.place(pose.align(points))
        corner = proxy.corner_vertex
        return self._canvas.mesh(key, material, placed[corner], proxy.normals(placed)[corner], proxy.triangles, proxy.uv)

    def _light(self, f: Factors, pose: Pose, head: Head) -> None:
        canvas = self._canvas
        canvas.set_matrix("view_projection", perspective(CAMERA_DISTANCE, HALF_HEIGHT, CENTRE_Y))
        canvas.set_matrix("light_projection", light_projection(shading.to_light(f), np.array([0, -0.3, -0.6])))
        eyes = pose.place(pose.align(np.stack([head.left_eye, head.right_eye])))
        canvas.set(camera=(0.0, 0.0, CAMERA_DISTANCE), left_eye=eyes[0], right_eye=eyes[1], head_up=pose.head[:, 1])
        canvas.set(**shading.light_uniforms(f), **shading.skin_uniforms(self._bundle, f))

    def _draw_shadows(self, f: Factors, scene: dict[str, Mesh]) -> None:
        self._canvas.begin_shadow()
        for key, mesh in scene.items():
            texture = self._hair_texture(key)
            if texture is None and key not in ("body", "frame"):
                continue
            self._canvas.shadow_program["minimum_alpha"].value = 0.0 if texture is None else 0.5
            (texture or self._masks).use(0)
            mesh.draw_shadow()

    def _hair_texture(self, key: str) -> moderngl.Texture | None:
        return self._textures[key.split()[1]] if key.startswith("hair ") else None

    def _draw(self, f: Factors, scene: dict[str, Mesh], target: moderngl.Framebuffer) -> None:
        """Opaque surfaces first, then cards, frames, hair fringes and lenses over them."""
        canvas = self._canvas
        for unit, texture in ((1, self._skins), (2, self._masks), (4, self._freckles)):
            texture.use(unit)
        self._draw_hair(f, scene, minimum_alpha=0.6, maximum_alpha=2.0, opaque=1.0)
        # Backs of skin are never seen, and the skin shader is the costly one.
        canvas.context.enable(moderngl.CULL_FACE)
        scene["body"].draw()
        canvas.context.disable(moderngl.CULL_FACE)
        scene["teeth"].draw()
        canvas.context.enable(moderngl.BLEND)
        self._draw_eyes(f, scene, target)
        if f.glasses != "none":
            canvas.set(tint=shading.frame_color(f), coverage=1.0, specular=0.5)
            scene["frame"].draw()
        target.depth_mask = False
        self._draw_hair(f, scene, minimum_alpha=0.03, maximum_alpha=0.6, opaque=0.0)
        if f.glasses != "none":
            tint, coverage = shading.lens_look(f)
            canvas.set(tint=tint, coverage=coverage, specular=0.06)
            scene["lenses"].draw()
        target.depth_mask = True
        canvas.context.disable(moderngl.BLEND)

    def _draw_hair(self, f: Factors, scene: dict[str, Mesh], **limits: float) -> None:
        self._canvas.set(tint=shading.hair_color(f), **limits)
        for key, mesh in scene.items():
            texture = self._hair_texture(key)
            if texture is not None:
                texture.use(0)
                mesh.draw()

    def _draw_eyes(self, f: Factors, scene: dict[str, Mesh], target: moderngl.Framebuffer) -> None:
        canvas = self._canvas
        self._textures[_EYE_TEXTURES[f.eye_color]].use(0)
        canvas.set(tint=(0.45, 0.62, 0.60) if f.eye_color == "brown" else (1.0, 1.0, 1.0))
        scene["eyes"].draw()
        target.depth_mask = False
        self._textures[f.brow_style].use(0)
        canvas.set(tint=shading.brow_color(f), coverage=0.80 + 0.30 * f.gender, part=int(Part.BROW))
        scene["brow"].draw()
        self._textures[_LASHES].use(0)
        canvas.set(tint=(0.008, 0.006, 0.006), coverage=1.25 - 0.85 * f.gender, part=int(Part.EYE))
        scene["lashes"].draw()
        target.depth_mask = True


def _height_above_collar(base: Points) -> Float[np.ndarray, " n"]:
    x, y, z = base.T
    return np.asarray(y - (6.00 + 0.10 * smoothstep(0.9, -0.3, z) + 0.03 * np.abs(x)), np.float32)


def _freckle_zone(base: Points) -> Float[np.ndarray, " n"]:
    """1 on nose and cheeks, falling off around them."""
    x, y, z = base.T
    zone = np.exp(-((np.abs(x) - 0.28) / 0.34) ** 2 - ((y - 6.86) / 0.19) ** 2) * smoothstep(0.5, 0.9, z)
    return np.asarray(zone, np.float32)


def _thickened(brow: Points, factor: float) -> Points:
    """Each brow's height scaled about its own middle line."""
    middle = np.median(brow[:, 1])
    return np.asarray(brow * [1, factor, 1] + np.array([0, middle * (1 - factor), 0]), np.float32)


def _with_noise(masks: Image.Image) -> Image.Image:
    """The masks with fixed noise in alpha, for stubble and scalp."""
    pixels = np.array(masks.convert("RGBA"))
    z = np.random.default_rng(7).random(pixels.shape[:2])
    near = z + np.roll(z, 1, 0) + np.roll(z, 1, 1) + np.roll(z, (1, 1), (0, 1)) - 2
    pixels[..., 3] = 255 * np.clip(0.5 + 0.66 * (z - 0.5) + 0.44 * near, 0, 1)
    return Image.fromarray(pixels)


def _freckle_image(size: tuple[int, int]) -> Image.Image:
    """Scattered soft dots, at random but always the same."""
    rng, (width, height) = np.random.default_rng(11), size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    dots = np.zeros((height, width), np.float32)
    for cx, cy, r in zip(rng.random(2600) * width, rng.random(2600) * height, rng.uniform(1.8, 3.8, 2600) * width / 512, strict=True):
        window = np.s_[max(0, int(cy) - 12) : int(cy) + 13, max(0, int(cx) - 12) : int(cx) + 13]
        dots[window] = np.maximum(dots[window], np.exp(-(((x[window] - cx) ** 2 + (y[window] - cy) ** 2) / r**2)))
    return Image.fromarray((255 * dots).astype(np.uint8))


def _strands(side: int = 256) -> Image.Image:
    """Opaque streaks for hair made by formula."""
    rng = np.random.default_rng(3)
    streak = np.convolve(rng.random(side + 4), np.ones(5) / 5, "valid")
    gray = 110 + 190 * (streak[None, :] - 0.5) + 24 * (rng.random((side, side)) - 0.5)
    pixels = np.repeat(np.clip(gray, 0, 255)[..., None], 4, 2).astype(np.uint8)
    pixels[..., 3] = 255
    return Image.fromarray(pixels)


def _read(target: moderngl.Framebuffer, attachment: int, components: int, dtype: str, kind: type, samples: int) -> np.ndarray:
    """An attachment, top row first, as (size, samples, size, samples, components)."""
    side = target.size[0]
    raw = np.frombuffer(target.read(components=components, attachment=attachment, dtype=dtype, alignment=1), kind)
    return raw.reshape(side, side, components)[::-1].reshape(side // samples, samples, side // samples, samples, components)


def _developed(color: Float[np.ndarray, "size size 4"], f: Factors) -> UInt8[np.ndarray, "size size 3"]:
    """Put the figure before the backdrop, then vignette, tone curve and sRGB-like gamma."""
    size = len(color)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / (size - 1) * 2 - 1
    side = np.sin(np.radians(f.light_azimuth))
    glow = 1.12 - 0.30 * (x + 0.35 * side) ** 2 - 0.30 * (y + 0.15) ** 2
    uncovered = 1 - np.clip(color[..., 3:], 0, 1)
    linear = color[..., :3] + shading.backdrop_color(f) * glow[..., None] * uncovered
    linear *= (1 - 0.08 * (x**2 + y**2))[..., None]
    if not np.isfinite(linear).all():
        raise FloatingPointError(f"the shaders gave {int((~np.isfinite(linear)).sum())} values that are not finite for {f}")
    mapped = linear * 1.32 / (1 + 0.32 * linear)
    return np.asarray(np.clip(mapped, 0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)
