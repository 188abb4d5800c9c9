"""The complete description of a frame."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from explorer.data import Point, one_of
from explorer.operations import INTERPOLATIONS, Interpolation
from explorer.steering.rack import MAX_STEERS, Steer
from models import MODELS

ModelName = Annotated[str, AfterValidator(one_of(MODELS))]


class Morph(BaseModel):
    """A picture on the way from A to B: what the live channel, the API and a share link all describe."""

    model_config = ConfigDict(frozen=True)

    model: ModelName
    a: Point
    b: Point
    method: Annotated[str, AfterValidator(one_of(INTERPOLATIONS))] = "slerp"
    alpha: float = Field(default=0.5, ge=0, le=1, allow_inf_nan=False)
    steer: tuple[Steer, ...] = Field(default=(), max_length=MAX_STEERS)

    @property
    def interpolation(self) -> Interpolation:
        """What leads from A to B."""
        return INTERPOLATIONS[self.method]

    @property
    def has_latents(self) -> bool:
        """Whether its frames are decodes of latents; a cross-fade mixes those of A and B."""
        return self.interpolation.domain == "latent"
