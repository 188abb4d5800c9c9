"""One way of decoding, alone in a process: `python -m benchmarks.performance.contestant SUBJECT WAY …`.

WAY is naive, or ours: at rest, or moving.

A process of its own, since memory, threads and PyTorch's allocator belong to a process. It reads a file of
latents, writes one of their pictures, and then decodes once for each line that it reads, answering with JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

import models
from benchmarks.performance.subjects import SUBJECTS, Subject
from benchmarks.serving import resident_mb
from explorer.device import keep_freed
from explorer.settings import Settings
from models.face_vae import read_network

FACE_WEIGHTS = Path(__file__).parents[2] / "assets" / "face-vae.safetensors"


def ours(subject: Subject, moving: bool) -> tuple[Callable[[torch.Tensor], torch.Tensor], str]:
    """Our model as the app decodes with it, or previews where it does that, and in what."""
    device = the_device()
    keep_freed()  # as the worker does
    if subject.model == "sd-vae":
        from models.stable_diffusion import StableDiffusionVAE

        model = StableDiffusionVAE("sd-vae", subject.vae(), subject.size, device)
    else:
        model = models.load(subject.name, device)
    model.speed_up(Settings(_cli_parse_args=False).cache_dir)  # what takes minutes to compile is found again
    if moving and model.preview_precision:
        return model.preview_on_device, model.preview_precision
    return model.decode, model.precision


def naive(subject: Subject) -> tuple[Callable[[torch.Tensor], torch.Tensor], str]:
    """The network as its library gives it: float32, eager, contiguous."""
    device = the_device()
    if subject.model == "face-vae":
        network = read_network(FACE_WEIGHTS).to(device).eval()
        return lambda latents: network.decoder(latents.to(device)).cpu(), "fp32"
    vae = subject.vae().to(device).eval()
    scale = float(vae.config.scaling_factor)
    return lambda latents: vae.decode(latents.to(device) / scale).sample.cpu(), "fp32"


def the_device() -> torch.device:
    """The GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@torch.no_grad()
def main(name: str, way: str, latents_file: str, pictures_file: str) -> None:
    """Answer until standard input ends."""
    started = time.perf_counter()
    subject = SUBJECTS[name]
    if subject.threads:
        torch.set_num_threads(subject.threads)
    decode, precision = naive(subject) if way == "naive" else ours(subject, way == "moving")
    ready = time.perf_counter() - started
    latents = torch.from_numpy(np.load(latents_file))
    with FlopCounterMode(display=False) as counter:
        pictures = decode(latents)
    np.save(pictures_file, pictures.cpu().clamp(-1, 1).numpy())
    answer({"precision": precision, "load_s": ready, "flops": counter.get_total_flops()})
    for _ in sys.stdin:
        started = time.perf_counter()
        decode(latents).cpu()
        seconds = time.perf_counter() - started
        cuda = torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0
        answer({"seconds": seconds, "resident_mb": resident_mb(field="VmHWM"), "cuda_mb": cuda})


def answer(record: dict[str, object]) -> None:
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
