"""Measure the face VAE on the test portraits, beside PCA of the same number of dimensions.

    python -m models.faces.evaluation --weights FILE --data data/faces --out docs/results

Prints the table, writes face-vae.json and three contact sheets, and fills the figures into the model card.
Nothing is chosen by eye: the sheets show the first pictures of each set, and samples come from seed 0.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8

from models.errors import InputError
from models.face_vae import FaceVAE
from models.faces.evaluation.coding import Pixels, decode, posterior
from models.faces.evaluation.measures import (
    Autoencoded,
    active_dimensions,
    cost_figures,
    fidelity_figures,
    frechet_figures,
)
from models.faces.evaluation.pca import PixelPCA
from models.faces.evaluation.probes import Labelled, read_curved, read_factor
from models.faces.evaluation.provenance import describe_machine, describe_training, describe_weights
from models.faces.evaluation.report import FACTOR_HEADER, FIGURE_HEADER, Evaluation, Figure, aligned, fill
from models.faces.evaluation.sheets import SHOWN, write_sheets
from models.faces.training.losses import kl_divergence
from models.faces.world.factors import FACTORS
from models.faces.world.portrait_set import PortraitSet, open_portrait_set

# Training portraits that PCA and the probes are fitted on. 16,000 instead of 8,000 give PCA 0.05 dB more.
PCA_PORTRAITS = 12_000
PROBE_PORTRAITS = 8_000
CARD = Path(__file__).parents[1] / "MODEL_CARD.md"


def first(portraits: PortraitSet, count: int) -> Pixels:
    """The first pictures of a set, in memory."""
    return np.concatenate([np.asarray(shard) for shard in portraits.images])[:count]


def run_pca(
    train: UInt8[np.ndarray, "m h w 3"], test: Pixels, dims: int
) -> tuple[Autoencoded, Float[np.ndarray, "m d"], Float[np.ndarray, "n d"]]:
    """The baseline's pictures, and its coordinates of the training and the test portraits."""
    print(f"fitting PCA of {dims} dimensions on {len(train):,} portraits …", file=sys.stderr)
    pca = PixelPCA.fit(train, dims)
    coordinates = pca.encode(test)
    samples = pca.sample(len(test), np.random.default_rng(0))
    return Autoencoded(pca.decode(coordinates), samples), pca.fitted, coordinates


def evaluate(model: FaceVAE, weights: Path, train: PortraitSet, test: PortraitSet, out: Path) -> Evaluation:
    """Measure everything and write the contact sheets to `out`; `weights` is the file of `model`."""
    originals, fitting = first(test, len(test)), first(train, PCA_PORTRAITS)
    pca, linear_train, linear_test = run_pca(fitting, originals, model.space.shape[0])
    fitting = fitting[:PROBE_PORTRAITS]
    means, log_variances = posterior(model, originals, "test")
    prior = torch.randn(means.shape, generator=torch.Generator().manual_seed(0))
    vae = Autoencoded(decode(model, means, "reconstructions"), decode(model, prior, "samples"))
    write_sheets(out, model, originals, means, vae)
    kl = kl_divergence(means, log_variances).sort(descending=True).values
    facts = describe_weights(weights)
    figures = [
        *fidelity_figures(originals, np.concatenate(test.parts), vae.reconstructions, pca.reconstructions),
        Figure("active dimensions", active_dimensions(means), f"of {len(kl)}", digits=0, target=len(kl)),
        Figure("KL divergence from the prior", float(kl.sum()), "nats", digits=1),
        *frechet_figures(originals, fitting[: len(originals)], vae, pca),
        *cost_figures(model, facts["bytes"] / 1e6),
    ]
    latents = posterior(model, fitting, "training portraits")[0].numpy()
    print("fitting probes …", file=sys.stderr)
    held_in = train.factors.iloc[: len(fitting)]
    probes = Labelled(latents, held_in), Labelled(means.numpy(), test.factors)
    linear = Labelled(linear_train[: len(fitting)], held_in), Labelled(linear_test, test.factors)
    return Evaluation(
        figures=figures,
        readings=[read_factor(name, *probes) for name in FACTORS],
        baseline=[read_factor(name, *linear) for name in FACTORS],
        curved=read_curved(*probes),
        kl=kl.tolist(),
        facts={
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "machine": describe_machine(),
            "weights": facts,
            "counts": {"test": len(test), "pca": len(linear_train), "probes": len(fitting)},
        },
    )


def open_portraits(data: Path, size: int) -> tuple[PortraitSet, PortraitSet]:
    """The training and the test portraits; raises InputError that says how to render what is missing."""
    train, test = _open(data / "train", 40000, 1), _open(data / "test", 2000, 3)
    if len(test) < max(test.manifest.count, SHOWN):
        raise InputError(
            f"{data / 'test'}: expected all {max(test.manifest.count, SHOWN)} portraits, got {len(test)}"
        )
    for portraits, name in ((train, "train"), (test, "test")):
        if portraits.manifest.size != size:
            raise InputError(f"{data / name}: expected portraits of {size} px, got {portraits.manifest.size}")
    return train, test


def _open(root: Path, count: int, seed: int) -> PortraitSet:
    try:
        return open_portrait_set(root)
    except InputError as error:
        command = (
            f"python -m models.faces.world.dataset --assets DIR --out {root} --count {count} --seed {seed}"
        )
        raise InputError(f"{error}. Render them with: {command}") from error


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status, 1 after an error that the user can mend."""
    parser = argparse.ArgumentParser(description="Measure a face VAE on the test portraits.")
    parser.add_argument("--weights", type=Path, default=Path("assets/face-vae.safetensors"))
    parser.add_argument(
        "--data", type=Path, default=Path("data/faces"), help="directory with the sets train and test"
    )
    parser.add_argument("--out", type=Path, default=Path("docs/results"), help="directory of results")
    parser.add_argument("--card", type=Path, default=CARD, help="model card to fill")
    options = parser.parse_args(arguments)
    try:
        model = FaceVAE.load(options.weights)
        train, test = open_portraits(options.data, model.media.size)
        options.out.mkdir(parents=True, exist_ok=True)
        evaluation = evaluate(model, options.weights, train, test, options.out)
        (options.out / "face-vae.json").write_text(evaluation.to_json())
        fill(options.card, "figures", evaluation.to_markdown())
        fill(options.card, "training", describe_training(options.weights))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(aligned(FIGURE_HEADER, [figure.row() for figure in evaluation.figures]))
    print()
    print(aligned(FACTOR_HEADER, evaluation.factor_rows()))
    return 0
