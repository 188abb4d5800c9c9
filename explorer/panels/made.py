"""Points that somebody made: what an operation gave, kept as if it were the latent of an upload."""

from __future__ import annotations

from typing import Any

from jaxtyping import Float
from torch import Tensor

from explorer.panels.answers import data_url
from explorer.workspace import Workspace


def keep(workspace: Workspace, model: str, latent: Float[Tensor, "*latent"]) -> dict[str, Any]:
    """Keep a latent as a point of the model; its id, its picture, and its place on the map; blocks.

    Its place is the mean of its nearest portraits' places, as for the points of a path. Raises NotReadyError,
    and ValueError for a latent of a wrong shape or with NaN.
    """
    store = workspace.store(model)
    picture = workspace.decode(model, latent[None]).result()[0]
    places = store.place(latent[None])
    position = None if places is None else places[0]
    return {
        "id": store.add(latent, position),
        "picture": data_url(picture),
        "coordinates": None if position is None else position.tolist(),
    }
