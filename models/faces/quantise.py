"""Write the decoder of a face VAE in bytes, beside its weights: `python -m models.faces.quantise [WEIGHTS]`.

Fitting it takes half a minute, which nobody who starts the app shall wait for; it runs on every processor.
"""

from __future__ import annotations

import sys
from pathlib import Path

from models import FACE_VAE
from models.face_vae import FaceVAE
from models.runtimes.building import approximate
from models.runtimes.shipped import beside, write


def main(weights: Path) -> None:
    """Raises InputError for a file that is no face VAE's, RuntimeError where bytes are too far from it."""
    plan = FaceVAE.load(weights).plan()
    found = approximate(plan, "int8")
    if found is None:
        raise RuntimeError(f"{weights}: no decoder in bytes is close enough to it")
    write(beside(weights), plan.decoder, found[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FACE_VAE)
