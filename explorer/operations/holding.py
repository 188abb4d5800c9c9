"""Holding traits still: what is left of a direction when others must not change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from explorer.operations.directions import Direction, unit
from models.errors import InputError

LEAST_REMAINDER = 0.05
"""Share of a direction that must be left when others are held; less would be rounding and noise."""
NAMED = 3  # held directions that a note names
ROUNDING = 1e-12  # singular values below this share of the largest one are rounding
UNSURE = 0.03  # the same where they were measured: combinations that the picture hardly answers to
STEP = 0.5  # σ to either side, where Jacobians are measured: the usual reach of a slider


@dataclass(frozen=True, eq=False)
class Jacobian:
    """What comes back from the picture at one latent: J v for each of some directions' unit vectors v.

    J is the Jacobian of z → encode(decode(z)) there: how the latent that is read from the picture answers
    to a step of the latent that it was decoded from.
    """

    of: Mapping[Direction, Float[Tensor, "*latent"]]

    @classmethod
    def measured(cls, directions: Sequence[Direction], returned: Float[Tensor, "m *latent"]) -> Jacobian:
        """By central differences: from what came back from the pictures of the latents `around` that one."""
        plus, minus = returned.split(len(directions))
        spans = (2 * STEP * direction.std for direction in directions)
        triples = zip(directions, plus - minus, spans, strict=True)
        return cls({direction: change / span for direction, change, span in triples})


def around(latent: Float[Tensor, "*latent"], directions: Sequence[Direction]) -> Float[Tensor, "m *latent"]:
    """Latents whose pictures tell the jacobian there: STEP σ along each direction, then against each."""
    steps = torch.stack([STEP * direction.std * direction.vector for direction in directions])
    return torch.cat([latent + steps, latent - steps])


def hold(direction: Direction, held: Sequence[Direction], jacobian: Jacobian | None = None) -> Direction:
    """What is left of `direction` when all `held` ones are to read the same.

    A reading along u of what comes back from the picture changes by u · J v on a step v. So many steps c
    along the held ones u_j are taken back that no reading of them changes: u_i · J (v - Σ c_j u_j) = 0.
    Without one J is the identity, and this the orthogonal projection of conditional manipulation (Shen
    et al. 2020, InterFaceGAN, section 2.3; of several, the span is projected off). With one it holds where
    that was measured (cf. the Jacobian's null space in Zhu et al. 2021, arXiv:2106.04488).

    One σ stays the same step along the direction itself, so that std becomes that of the rest; what was
    measured of the whole direction, its score and correlations, is lost. Raises InputError where less than
    LEAST_REMAINDER of it is left, and for vectors of different shapes.
    """
    return _held((direction,), held, [[True] * len(held)], jacobian)[0]


def hold_apart(
    moving: Sequence[Direction], held: Sequence[Direction], jacobian: Jacobian | None = None
) -> tuple[Direction, ...]:
    """What is left of each of `moving` by `hold` of all `held` ones but itself. Raises as `hold`."""
    return _held(moving, held, [[other is not one for other in held] for one in moving], jacobian)


def _held(
    moving: Sequence[Direction],
    held: Sequence[Direction],
    leaves: Sequence[Sequence[bool]],
    jacobian: Jacobian | None,
) -> tuple[Direction, ...]:
    """Each of `moving` without those of `held` that it leaves alone, one flag each."""
    if not moving or not held:
        return tuple(moving)
    _check_shapes([*moving, *held])
    (rest, back), (others, others_back) = _steps(moving, jacobian), _steps(held, jacobian)
    masks = torch.tensor(leaves, dtype=torch.double)
    # Inner products are few where latents are long. A pseudoinverse: two held may be nearly the same.
    products = others @ others_back.T * masks[:, :, None] * masks[:, None, :]
    inverse = torch.linalg.pinv(products, rtol=UNSURE if jacobian else ROUNDING)
    for _ in range(2):  # the second time for what rounding left of those that are nearly the same
        taken = (inverse @ (back @ others.T)[:, :, None])[:, :, 0]
        rest, back = rest - taken @ others, back - taken @ others_back
    return tuple(
        _remainder(direction, vector, [other for other, leave in zip(held, flags, strict=True) if leave])
        for direction, vector, flags in zip(moving, rest, leaves, strict=True)
    )


def _steps(
    directions: Sequence[Direction], jacobian: Jacobian | None
) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
    """The directions' vectors, and what comes back for each."""
    vectors = [direction.vector for direction in directions]
    back = [jacobian.of[direction] for direction in directions] if jacobian else vectors
    stacked = (torch.stack([vector.double().flatten() for vector in rows]) for rows in (vectors, back))
    steps, answers = stacked
    return steps, answers


def _check_shapes(directions: Sequence[Direction]) -> None:
    shape = directions[0].vector.shape
    for other in directions:
        if other.vector.shape != shape:
            raise InputError(
                f"hold: expected directions of shape {tuple(shape)},"
                f" got {other.name!r} of {tuple(other.vector.shape)}"
            )


def _remainder(direction: Direction, rest: Float[Tensor, " d"], held: Sequence[Direction]) -> Direction:
    """The direction with vector and std made from the `rest` of its vector, and a word on what was held."""
    if not held:
        return direction
    names = [other.name for other in held]
    left = float(rest.norm())
    if left < LEAST_REMAINDER:
        raise InputError(
            f"nothing of {direction.name} is left while {', '.join(names)} is held: release one of them"
        )
    listed = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    told = replace(
        direction.provenance,
        score=None,
        score_name=None,
        correlations={},
        notes=(*direction.provenance.notes, f"held: {listed}"),
    )
    vector = unit(rest).reshape(direction.vector.shape)
    return replace(direction, vector=vector, std=left * direction.std, provenance=told)
