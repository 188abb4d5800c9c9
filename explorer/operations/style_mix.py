"""Mixing two spatial latents: coarse of one with fine of the other, or one inside a region of the other.

This is mixing by spatial frequency, or by place, of an autoencoder's latent. It is not StyleGAN's style
mixing, which feeds two latents into different layers of one generator (Karras et al. 2019).
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from models.errors import InputError

FEATHER = 1.0
"""Latent places: standard deviation of the blur that softens a region's edge."""
REACH = 3  # standard deviations after which a Gaussian counts as 0


def mix_frequencies(
    coarse: Float[Tensor, "c h w"], fine: Float[Tensor, "c h w"], cutoff: float
) -> Float[Tensor, "c h w"]:
    """Low spatial frequencies of `coarse` with the high ones of `fine`.

    low(coarse) + (fine - low(fine)), with low a Gaussian of standard deviation `cutoff` over frequency, in
    cycles a picture. Summed as fine + low(coarse - fine), which is the same, so that a latent mixed with
    itself stays exactly what it is. Raises InputError for a cutoff outside (0, h / 2], h / 2 being the
    highest frequency that there is, and for latents that are not spatial, of different shapes or not finite.
    """
    _check(coarse, fine)
    highest = max(coarse.shape[1:]) / 2
    if not 0 < cutoff <= highest:  # NaN too
        raise InputError(
            f"cutoff: expected a number above 0 and up to {highest:g} cycles a picture, got {cutoff}"
        )
    return (fine.double() + _low_pass(coarse.double() - fine.double(), cutoff)).to(fine.dtype)


def mix_region(
    outside: Float[Tensor, "c h w"], inside: Float[Tensor, "c h w"], mask: Float[Tensor, "h w"]
) -> Float[Tensor, "c h w"]:
    """`inside` where the mask is 1, `outside` where it is 0, in proportion between; its edge is feathered.

    The mask is in [0, 1], one value a place of the latent. Raises InputError for another shape or other
    values, and for latents that are not spatial, of different shapes or not finite.
    """
    _check(outside, inside)
    if mask.shape != outside.shape[1:]:
        raise InputError(
            f"mask: expected one value a place {tuple(outside.shape[1:])}, got {tuple(mask.shape)}"
        )
    if not ((mask >= 0) & (mask <= 1)).all():  # NaN too
        raise InputError("mask: expected values from 0 to 1")
    share = feather(mask.double())
    return (outside.double() + share * (inside.double() - outside.double())).to(outside.dtype)


def feather(mask: Float[Tensor, "h w"]) -> Float[Tensor, "h w"]:
    """The mask blurred by FEATHER places; some places away from its edge it stays what it is."""
    reach = int(REACH * FEATHER)
    offsets = torch.arange(-reach, reach + 1, dtype=mask.dtype)
    kernel = torch.exp(-((offsets / FEATHER) ** 2) / 2)
    kernel = kernel / kernel.sum()
    padded = torch.nn.functional.pad(mask[None, None], [reach] * 4, mode="replicate")
    return torch.nn.functional.conv2d(padded, torch.outer(kernel, kernel)[None, None])[0, 0].clamp(0, 1)


def _low_pass(latent: Float[Tensor, "c h w"], cutoff: float) -> Float[Tensor, "c h w"]:
    """Mirrored at the edges first: a Fourier transform takes the left edge to be beside the right one."""
    height, width = latent.shape[1:]
    wide = torch.cat([latent, latent.flip(2)], dim=2)
    whole = torch.cat([wide, wide.flip(1)], dim=1)
    # Cycles a picture: the mirrored one is twice as high, and fftfreq counts cycles a place.
    rows, columns = torch.fft.fftfreq(2 * height) * height, torch.fft.rfftfreq(2 * width) * width
    gain = torch.exp(-(rows[:, None] ** 2 + columns[None, :] ** 2).double() / (2 * cutoff**2))
    low: Tensor = torch.fft.irfft2(torch.fft.rfft2(whole) * gain, s=whole.shape[1:])
    return low[:, :height, :width]


def _check(one: Tensor, other: Tensor) -> None:
    if one.ndim != 3:
        raise InputError(f"expected spatial latents (channels, height, width), got shape {tuple(one.shape)}")
    if one.shape != other.shape:
        raise InputError(
            f"expected two latents of one shape, got {tuple(one.shape)} and {tuple(other.shape)}"
        )
    if not (torch.isfinite(one).all() and torch.isfinite(other).all()):
        raise InputError("expected finite latents, got NaN or infinity")
