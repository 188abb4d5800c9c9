"""The off-screen OpenGL side: context, shader programs, meshes, textures and framebuffers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import moderngl
import numpy as np
from PIL import Image

from models.faces.world.geometry import DrawData, Matrix4, Points

_SHADERS = Path(__file__).parent / "shaders"
MATERIALS = ("skin", "hair", "card", "eye", "teeth", "glasses")
_UNITS = {"surface_map": 0, "skin_layers": 1, "masks": 2, "shadow_map": 3, "freckle_map": 4}
_SHADOW_SIZE = 256


Sampled = TypeVar("Sampled", moderngl.Texture, moderngl.TextureArray)


class GraphicsError(RuntimeError):
    """No off-screen OpenGL context can be had on this machine."""


def create_context() -> moderngl.Context:
    """An off-screen context through EGL; raises GraphicsError with the remedy where there is none."""
    try:
        return moderngl.create_context(standalone=True, require=330, backend="egl")  # type: ignore[arg-type]
    except Exception as error:  # the backends raise bare Exception, ImportError or ValueError
        raise GraphicsError(
            "no off-screen OpenGL 3.3 context: the portrait renderer needs EGL "
            f"(Debian: libegl1 and libgl1-mesa-dri); {type(error).__name__}: {error}"
        ) from error


class Mesh:
    """Vertices on the device: positions and normals change from portrait to portrait, the rest does not."""

    def __init__(self, program: moderngl.Program, shadow_program: moderngl.Program, data: DrawData) -> None:
        context, count = program.ctx, len(data.points)
        uv = np.zeros((count, 2)) if data.uv is None else data.uv
        extra = np.ones((count, 4)) if data.extra is None else data.extra
        self._moving = context.buffer(reserve=count * 24, dynamic=True)
        still = context.buffer(np.hstack([uv, extra]).astype("f4").tobytes())
        index = context.buffer(np.ascontiguousarray(data.triangles, "i4").tobytes())
        shaded = [
            (self._moving, "3f 3f", "in_position", "in_normal"),
            (still, "2f 4f", "in_uv", "in_extra"),
        ]
        self._shaded = context.vertex_array(program, shaded, index, skip_errors=True)
        shadow = [(self._moving, "3f 12x", "in_position"), (still, "2f 16x", "in_uv")]
        self._shadow = context.vertex_array(shadow_program, shadow, index, skip_errors=True)

    def move(self, points: Points, normals: Points) -> None:
        """Upload this portrait's positions and normals."""
        self._moving.write(np.hstack([points, normals]).astype("f4").tobytes())

    def draw(self) -> None:
        """Draw with the material's shader into the bound target."""
        self._shaded.render()

    def draw_shadow(self) -> None:
        """Draw the depth alone into the bound target."""
        self._shadow.render()


class Canvas:
    """Owns the device objects; drawing order and meaning are the renderer's."""

    def __init__(self, parts: Mapping[str, int]) -> None:
        self.context = create_context()
        defines = "".join(f"#define PART_{name} {number}\n" for name, number in parts.items())
        vertex, lighting = _source("mesh.vert"), "#version 330\n" + defines + _text("lighting.glsl")
        self.programs = {m: self.context.program(vertex, lighting + _text(f"{m}.frag")) for m in MATERIALS}
        self.shadow_program = self.context.program(_source("shadow.vert"), _source("shadow.frag"))
        self._shadow_map = self.context.depth_texture((_SHADOW_SIZE, _SHADOW_SIZE))
        self._shadow_map.compare_func, self._shadow_map.filter = "<=", (moderngl.LINEAR, moderngl.LINEAR)
        self._shadow_map.repeat_x = self._shadow_map.repeat_y = False
        self._shadow_target = self.context.framebuffer(depth_attachment=self._shadow_map)
        self._targets: dict[int, moderngl.Framebuffer] = {}
        self._meshes: dict[str, Mesh] = {}
        self.set(**_UNITS)

    def texture(self, image: Image.Image) -> moderngl.Texture:
        """An RGBA texture with mipmaps; texture v runs upwards."""
        flipped = image.convert("RGBA").transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        texture = self.context.texture(flipped.size, 4, flipped.tobytes())
        return _mipmapped(texture)

    def texture_array(self, images: Sequence[Image.Image]) -> moderngl.TextureArray:
        """RGB images of one size as one texture with layers."""
        layers = np.stack([np.asarray(image.convert("RGB"))[::-1] for image in images])
        _, height, width, _ = layers.shape
        texture = self.context.texture_array((width, height, len(images)), 3, layers.tobytes(), alignment=1)
        return _mipmapped(texture)

    def mesh(self, key: str, material: str, data: DrawData) -> Mesh:
        """The mesh of that key at its new positions; the rest of `data` counts on first use only."""
        if key not in self._meshes:
            self._meshes[key] = Mesh(self.programs[material], self.shadow_program, data)
        self._meshes[key].move(data.points, data.normals)
        return self._meshes[key]

    def set(self, **uniforms: object) -> None:
        """Set uniforms in every program that has them."""
        for name, value in uniforms.items():
            plain = value.tolist() if isinstance(value, np.ndarray) else value
            for uniform in _uniforms(self.programs.values(), name):
                uniform.value = tuple(plain) if isinstance(plain, list) else plain

    def set_matrix(self, name: str, matrix: Matrix4) -> None:
        """Set a 4x4 matrix in every program that has it, the shadow program included."""
        data = np.ascontiguousarray(matrix.T, "f4").tobytes()
        for uniform in _uniforms((*self.programs.values(), self.shadow_program), name):
            uniform.write(data)

    def begin_shadow(self) -> None:
        """Clear and bind the shadow map."""
        self._shadow_target.use()
        self._shadow_target.clear(depth=1.0)
        self.context.enable_only(moderngl.DEPTH_TEST)

    def draw_shadow(self, mesh: Mesh, texture: moderngl.Texture, minimum_alpha: float) -> None:
        """Draw a mesh into the shadow map, without the texels below `minimum_alpha`."""
        for uniform in _uniforms((self.shadow_program,), "minimum_alpha"):
            uniform.value = minimum_alpha
        texture.use(0)
        mesh.draw_shadow()

    def begin(self, side: int) -> moderngl.Framebuffer:
        """Clear and bind the square target of that many pixels: colour and part attachments, depth."""
        if side not in self._targets:
            color = self.context.texture((side, side), 4, dtype="f2")
            part = self.context.texture((side, side), 1, dtype="f1")
            depth = self.context.depth_renderbuffer((side, side))
            self._targets[side] = self.context.framebuffer([color, part], depth)
        target = self._targets[side]
        target.use()
        target.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        self._shadow_map.use(_UNITS["shadow_map"])
        over, add = (moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA), moderngl.ONE
        # Coverage adds up on its own, or blending would square it.
        self.context.blend_func = (*over, add, moderngl.ONE_MINUS_SRC_ALPHA)  # type: ignore[assignment]
        return target


def _uniforms(programs: Iterable[moderngl.Program], name: str) -> Iterator[moderngl.Uniform]:
    """That uniform in each program that has it: compilers drop the ones a shader does not use."""
    for program in programs:
        member = program.get(name, None)
        if isinstance(member, moderngl.Uniform):
            yield member


def _mipmapped(texture: Sampled) -> Sampled:
    texture.build_mipmaps()
    texture.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
    return texture


def _text(name: str) -> str:
    return (_SHADERS / name).read_text()


def _source(name: str) -> str:
    return "#version 330\n" + _text(name)
