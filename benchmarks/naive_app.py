"""The baseline: the face morph as one would first write it, `gr.Slider.change` → eager fp32 → `gr.Image`.

The frame carries its alpha as the grey level of a corner block, so that the benchmark can tell which slider
position a painted picture belongs to. Run as `python -m benchmarks.naive_app PORT`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import gradio as gr
import numpy as np
import torch

from models.face_vae import read_network

WEIGHTS = Path(__file__).parents[1] / "assets" / "face-vae.safetensors"
BLOCK = 16  # pixels; big enough to survive the lossy compression that gr.Image uses
LEVELS = 2  # grey levels for one alpha step of 0.01


def build() -> gr.Blocks:
    """The naive page: a slider and a picture."""
    decoder = read_network(WEIGHTS).decoder.eval()
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, decoder.linear.in_features, generator=generator)

    @torch.no_grad()
    def morph(alpha: float) -> np.ndarray:
        pixels = decoder(((1 - alpha) * a + alpha * b)[None])[0].clamp(-1, 1)
        image = ((pixels + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
        image[:BLOCK, :BLOCK] = round(alpha * 100) * LEVELS
        return image

    with gr.Blocks(analytics_enabled=False) as page:
        alpha = gr.Slider(0, 1, value=0.5, step=0.01, label="alpha", elem_id="alpha")
        image = gr.Image(morph(0.5), label="morph", elem_id="frame")
        alpha.change(morph, alpha, image, show_progress="hidden", trigger_mode="always_last")
    return page


if __name__ == "__main__":
    build().launch(server_port=int(sys.argv[1]), quiet=True, ssr_mode=False)
