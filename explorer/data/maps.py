"""Maps that ship for models whose latents do not: made once, so that nobody waits for the whole data set.

    python -m explorer.data.maps sd-vae-tiny sd-vae-tiny-256

encodes the first data set with each model, which is resumed where it was cut short, and writes all its maps.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from tqdm import tqdm

import models
from explorer.data.dataset import Dataset, Placed
from explorer.data.encoding import request_latent
from explorer.data.filling import encode_missing, kept_latents
from explorer.data.latent_table import LatentTable
from explorer.data.loading import load_dataset
from explorer.data.projection import Arguments, fit
from explorer.device import DecodeWorker, choose_device

MAPS = Path(__file__).parents[2] / "assets" / "maps.safetensors"


def read_maps(path: Path = MAPS) -> dict[str, Placed]:
    """The maps in a file, by model; none without the file."""
    if not path.is_file():
        return {}
    with safe_open(path, framework="pt") as file:
        arguments = file.metadata()
        return {
            model: Placed(
                file.get_tensor(f"{model}/coordinates").numpy(),
                arguments[model],
                file.get_tensor(f"{model}/first").float(),
            )
            for model in sorted(arguments)  # safetensors keeps no order
        }


def write_maps(maps: Mapping[str, Placed], path: Path = MAPS) -> None:
    """The same the other way; of the first latent 16 bits are enough to tell weights apart."""
    tensors = {f"{model}/coordinates": torch.from_numpy(each.coordinates) for model, each in maps.items()}
    tensors |= {f"{model}/first": each.first.half() for model, each in maps.items()}
    save_file(tensors, path, {model: each.arguments for model, each in maps.items()})


def place(dataset: Dataset, name: str, worker: DecodeWorker, cache_dir: Path) -> Placed:
    """The map of a data set's files in a model; blocks. Raises what loading and encoding raise."""
    model, arguments = models.load(name, worker.device), Arguments()
    shown, space = dataset.with_files(), model.space
    table = LatentTable(
        space,
        shown,
        torch.zeros(len(shown), *space.shape),
        None,
        partial(request_latent, model, worker, shown),
    )
    kept = kept_latents(cache_dir, model, None, shown)
    with tqdm(total=len(shown), desc=name, unit="item") as bar:

        def report(done: int, seconds: float) -> None:
            bar.update(done - bar.n)

        encode_missing(model, worker, table, kept, report, lambda: False)
    return Placed(fit(table.latents, arguments, cache_dir), arguments.to_json(), table.latents[0])


def main(given: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Make the maps that ship for models whose latents do not.")
    parser.add_argument("models", nargs="+", choices=models.MODELS)
    parser.add_argument("--out", type=Path, default=MAPS)
    parser.add_argument("--cache-dir", type=Path, default=Path("~/.cache/latent-explorer").expanduser())
    options = parser.parse_args(given)
    maps, dataset = read_maps(options.out), load_dataset()
    with DecodeWorker(choose_device("auto")) as worker:
        for name in options.models:
            maps[name] = place(dataset, name, worker, options.cache_dir)
            write_maps(maps, options.out)


if __name__ == "__main__":
    main()
