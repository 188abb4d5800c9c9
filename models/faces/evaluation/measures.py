"""The figures of an autoencoder of portraits, each with its target where it has one."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from models.base import LatentModel
from models.faces.evaluation.coding import Pixels
from models.faces.evaluation.fidelity import psnr, region_psnr, ssim
from models.faces.evaluation.frechet import frechet_distances
from models.faces.evaluation.report import Figure

SMALL_PARTS = (4, 5, 6, 7)  # mouth, brow, eye, glasses of `models.faces.world.renderer.Part`
ACTIVE = (
    0.01  # variance of the posterior mean above which a dimension is active (Burda et al. 2016, section 5.2)
)


@dataclass(frozen=True)
class Autoencoded:
    """The test portraits after one autoencoder, and what its prior decodes to."""

    reconstructions: Pixels
    samples: Pixels


def active_dimensions(means: Float[Tensor, "n d"]) -> int:
    """Dimensions whose posterior mean varies over the data: Var_x(E[z|x]) > ACTIVE."""
    return int((means.var(dim=0) > ACTIVE).sum())


def fidelity_figures(
    test: Pixels, parts: UInt8[np.ndarray, "n h w"], vae: Pixels, pca: Pixels
) -> list[Figure]:
    """PSNR and SSIM of both, and PSNR on the small parts that a person looks at."""
    small = np.isin(parts, SMALL_PARTS)
    linear, structure = psnr(pca, test), ssim(pca, test)
    return [
        Figure("PSNR of reconstructions", psnr(vae, test), "dB", target=linear + 1.5),
        Figure("PSNR of PCA", linear, "dB"),
        Figure("PSNR on mouth, brows, eyes, glasses", region_psnr(vae, test, small), "dB"),
        Figure("PSNR of PCA there", region_psnr(pca, test, small), "dB"),
        Figure("SSIM of reconstructions", ssim(vae, test), digits=4, target=structure),
        Figure("SSIM of PCA", structure, digits=4),
    ]


def frechet_figures(
    test: Pixels, train: UInt8[np.ndarray, "m h w 3"], vae: Autoencoded, pca: Autoencoded
) -> list[Figure]:
    """Distances from the test portraits, and the ratio of samples to reconstructions."""
    sets = {
        "reconstructions": vae.reconstructions,
        "samples of N(0, I)": vae.samples,
        "training portraits": train,
        "PCA reconstructions": pca.reconstructions,
        "PCA samples": pca.samples,
    }
    distances = frechet_distances(test, sets)
    ratio = distances["samples of N(0, I)"] / distances["reconstructions"]
    return [
        *(Figure(f"Fréchet distance, {name}", value, digits=1) for name, value in distances.items()),
        Figure("Fréchet distance, samples / reconstructions", ratio, target=2.0, at_most=True),
    ]


def cost_figures(model: LatentModel, megabytes: float) -> list[Figure]:
    """Size, arithmetic and time of one picture on one thread."""
    latent = torch.randn(1, *model.space.shape, generator=torch.Generator().manual_seed(0))
    with FlopCounterMode(display=False) as decoding:
        image = model.decode(latent)
    with FlopCounterMode(display=False) as encoding:
        model.encode(image)
    return [
        Figure("weights", megabytes, "MB", digits=1, target=15, at_most=True),
        Figure("arithmetic to encode", encoding.get_total_flops() / 1e9, "GFLOP"),
        Figure("arithmetic to decode", decoding.get_total_flops() / 1e9, "GFLOP"),
        Figure(
            "processor time to decode one",
            decode_time(model, latent),
            "ms",
            digits=1,
            target=10,
            at_most=True,
        ),
    ]


def decode_time(model: LatentModel, latent: Tensor) -> float:
    """Median processor time of 100 decodes of one latent in ms, on one thread, other programs left out."""
    threads, times = torch.get_num_threads(), []
    torch.set_num_threads(1)
    for _ in range(110):
        start = time.process_time()
        model.decode(latent)
        times.append(1000 * (time.process_time() - start))
    torch.set_num_threads(threads)
    return statistics.median(times[10:])  # the first ones warm up
