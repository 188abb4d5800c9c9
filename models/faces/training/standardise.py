"""The end of training: a change of basis that gives the latents of a data set mean 0 and covariance I."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from models.face_network import FaceVAENetwork
from models.face_vae import FaceVAE
from models.faces.training.trainset import Pictures, gather
from models.faces.training.warm_start import to_images

SAMPLE = 4000  # pictures that the aggregate posterior is measured on
CHUNK = 100


def standardise(network: FaceVAENetwork, pictures: Pictures, seed: int) -> None:
    """Whiten the aggregate posterior in place, so that a draw from N(0, I) is a typical latent.

    The KL leaves it near N(0, I), not at it. The whitening W = C^(-1/2) is the symmetric one: it moves every
    dimension least (Kessy et al. 2018, eq. 9). It is folded into the affine maps on both sides of the latent:
    reconstructions stay what they were, and no step is added to encode or decode.
    """
    mean, log_variance = _posteriors(network, pictures, seed)
    centre, noise = mean.mean(0), log_variance.exp().mean(0)
    values, vectors = torch.linalg.eigh(torch.cov(mean.T) + torch.diag(noise))
    whiten = (vectors / values.sqrt()) @ vectors.T
    restore = (vectors * values.sqrt()) @ vectors.T
    dims = network.config.latent_dim
    encoder, decoder = network.encoder, network.decoder
    with torch.no_grad():
        for weight in (encoder.linear.weight, encoder.posterior.weight[:dims]):
            weight.copy_(whiten @ weight.double())
        encoder.posterior.bias[:dims] = whiten @ encoder.posterior.bias[:dims].double()
        encoder.linear.bias.copy_(whiten @ (encoder.linear.bias.double() - centre))
        # The posterior stays diagonal: of the turned noise only the mean variances are kept.
        encoder.posterior.bias[dims:] += torch.log(whiten.square() @ noise / noise).to(torch.float32)
        for layer in (decoder.project, decoder.linear):
            _fold(layer, restore, centre)


def _fold(layer: nn.Linear, matrix: Float[Tensor, "d d"], offset: Float[Tensor, " d"]) -> None:
    """Let the layer take `x` where it took `matrix @ x + offset`, in place."""
    weight = layer.weight.double()
    layer.bias.add_((weight @ offset).to(torch.float32))
    layer.weight.copy_(weight @ matrix)


def _posteriors(network: FaceVAENetwork, pictures: Pictures, seed: int) -> tuple[Tensor, Tensor]:
    chosen = np.random.default_rng(seed).permutation(len(pictures))[:SAMPLE]
    device = next(network.parameters()).device
    model = FaceVAE(network, device)
    chunks = (to_images(gather(pictures, chosen[i : i + CHUNK])[0]) for i in range(0, len(chosen), CHUNK))
    pairs = [model.posterior(images) for images in chunks]
    mean, log_variance = (torch.cat(column).double().to(device) for column in zip(*pairs, strict=True))
    return mean, log_variance
