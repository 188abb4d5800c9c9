"""The start of training: a linear autoencoder in closed form, so that compute goes to the gain over it."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from sklearn.decomposition import PCA
from torch import Tensor

from models.errors import InputError
from models.face_network import IMAGE_SIZE, THUMB, FaceVAENetwork
from models.faces.training.trainset import Pictures, gather

SAMPLE = 6000  # pictures that the components are fitted on
CHUNK = 500


def to_images(pixels: np.ndarray, device: torch.device | str = "cpu") -> Float[Tensor, "n 3 h w"]:
    """uint8 (n, h, w, 3) pixels as an RGB batch in [-1, 1], channels last in memory."""
    return torch.tensor(pixels, device=device).permute(0, 3, 1, 2).float() / 127.5 - 1


def _thumbnails(pictures: Pictures, seed: int) -> Float[Tensor, "n pixels"]:
    chosen = np.random.default_rng(seed).permutation(len(pictures))[:SAMPLE]
    chunks = (to_images(gather(pictures, chosen[i : i + CHUNK])[0]) for i in range(0, len(chosen), CHUNK))
    return torch.cat([F.avg_pool2d(images, IMAGE_SIZE // THUMB).flatten(1) for images in chunks])


def warm_start(network: FaceVAENetwork, pictures: Pictures, beta: float, seed: int) -> None:
    """Set both linear paths to the whitened principal components of thumbnails, in place.

    The posterior's first variance is the best one for that linear decoder under squared error and `beta`
    (minimum over v of v s^2 / pixels + beta / 2 (v - log v), s^2 the component's variance; cf. Tipping &
    Bishop 1999). With fewer pictures than latent dimensions the remaining dimensions start unused.
    """
    thumbnails = _thumbnails(pictures, seed).numpy()
    found = min(network.config.latent_dim, len(thumbnails) - 1)
    if found < 1:
        raise InputError(f"expected at least 2 pictures to train on, got {len(thumbnails)}")
    if not thumbnails.std(axis=0).any():
        raise InputError(f"expected pictures that differ, got {len(thumbnails)} that are all the same")
    pca = PCA(found, svd_solver="randomized", random_state=seed).fit(thumbnails)
    components = torch.from_numpy(pca.components_).float()
    mean = torch.from_numpy(pca.mean_).float()
    variance = torch.from_numpy(pca.explained_variance_).float().clamp(min=1e-6)
    whiten = components / variance.sqrt()[:, None]
    share = variance / thumbnails.shape[1]
    with torch.no_grad():
        for parameter in (*network.encoder.linear.parameters(), network.decoder.linear.weight):
            parameter.zero_()
        network.encoder.linear.weight[:found] = whiten
        network.encoder.linear.bias[:found] = -whiten @ mean
        network.decoder.linear.weight[:, :found] = (components * variance.sqrt()[:, None]).T
        network.decoder.linear.bias.copy_(mean)
        log_variance = network.encoder.posterior.bias[network.config.latent_dim :]
        log_variance[:found] = torch.log((beta / 2) / (share + beta / 2))
