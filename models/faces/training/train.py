"""Train a face VAE on rendered portraits, a folder of pictures or a Hugging Face data set.

    python -m models.faces.training --data DIR --out runs/face --minutes 80

Writes log.csv, sample sheets, a checkpoint that the same command resumes from, and face-vae.safetensors,
which the app loads.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import torch
from tqdm import tqdm

from models.errors import InputError
from models.face_network import FaceVAEConfig, FaceVAENetwork
from models.face_vae import FaceVAE, read_network
from models.faces.training.losses import PART_WEIGHTS
from models.faces.training.run_log import RunLog
from models.faces.training.standardise import standardise
from models.faces.training.step import BETA, LABELS, LEARNING_RATE, build_optimizer, train_step
from models.faces.training.trainer_state import Learner, TrainerState, read_checkpoint, write_checkpoint
from models.faces.training.trainset import Batch, Pictures, batches, gather, open_pictures
from models.faces.training.warm_start import warm_start

BATCH = 32
HELD_OUT = 256  # the first pictures of the source, never trained on: at most a tenth, at least one
FEWEST = 3  # pictures: one held out, and two that differ
REPORT_SECONDS = 240.0


def start_or_resume(
    pictures: Pictures, out: Path, device: torch.device, seed: int, start: Path | None = None
) -> TrainerState:
    """The state of the checkpoint in `out`, or a fresh one from the weights `start` or the pictures' PCA."""
    torch.manual_seed(seed)
    network = read_network(start) if start else FaceVAENetwork(FaceVAEConfig())
    checkpoint = out / "checkpoint.safetensors"
    if not (start or checkpoint.exists()):
        warm_start(network, pictures, BETA, seed)
    learner = Learner(network, pictures.labels().shape[1]).to(device)
    learner.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = TrainerState(learner, build_optimizer(learner), start=_describe(start))
    if checkpoint.exists():
        read_checkpoint(state, checkpoint)
        torch.manual_seed(seed + state.step)
    return state


def _describe(start: Path | None) -> str:
    if start is None:
        return "principal components of the pictures"
    return f"{start.name}, SHA-256 {hashlib.sha256(start.read_bytes()).hexdigest()}"


def train(
    source: str,
    out: Path,
    minutes: float,
    device: torch.device,
    seed: int = 0,
    start: Path | None = None,
) -> Path:
    """Train for `minutes` in all, resumed runs counted together; returns the exported model.

    `start` is a model to go on from, such as the bundled one. Raises InputError for a source with fewer than
    FEWEST readable pictures, a checkpoint of another network, a damaged `start` or a loss that is not finite.
    """
    pictures = open_pictures(source)
    if len(pictures) < FEWEST:
        raise InputError(f"{source}: expected at least {FEWEST} pictures to train on, got {len(pictures)}")
    out.mkdir(parents=True, exist_ok=True)
    state = start_or_resume(pictures, out, device, seed, start)
    held_out = max(1, min(HELD_OUT, len(pictures) // 10))
    log = RunLog(out, gather(pictures, range(held_out))[0])
    stream = batches(pictures, min(BATCH, len(pictures) - held_out), seed + state.step, held_out)
    _loop(state, stream, out, log, minutes * 60)
    network = state.averaged()
    standardise(network, pictures, seed)
    print(save(state, network, out, log))
    return out / "face-vae.safetensors"


def _loop(
    state: TrainerState,
    stream: Iterable[Batch],
    out: Path,
    log: RunLog,
    budget: float,
) -> None:
    before, start = state.elapsed, time.monotonic()
    # The first report comes early, so that there is a model to look at within a minute or two.
    next_report = state.elapsed + REPORT_SECONDS / 4
    with tqdm(total=round(budget), initial=round(before), unit="s") as bar:
        for batch in stream:
            if state.elapsed >= budget:
                break
            losses = train_step(state, batch, state.elapsed / budget)
            state.images += len(batch.pixels)
            state.elapsed = before + time.monotonic() - start
            bar.update(min(round(state.elapsed), round(budget)) - bar.n)
            log.add(losses)
            if next_report <= state.elapsed < budget:  # at its end the finished model is reported
                bar.set_postfix_str(save(state, state.averaged(), out, log))
                next_report = state.elapsed + REPORT_SECONDS


def history(state: TrainerState) -> dict[str, object]:
    """How the weights came to be, for the file's metadata."""
    device = next(state.learner.parameters()).device.type
    return {
        "start": state.start,
        "steps": state.step,
        "images_seen": state.images,
        "batch": BATCH,
        "hours": round(state.elapsed / 3600, 3),
        "device": device,
        "threads": torch.get_num_threads() if device == "cpu" else None,
        "beta": BETA,
        "learning_rate": LEARNING_RATE,
        "label_weight": LABELS if state.learner.readout is not None else None,
        "part_weights": PART_WEIGHTS,
    }


def save(state: TrainerState, network: FaceVAENetwork, out: Path, log: RunLog) -> str:
    """Write the checkpoint, export `network`, log and draw a sheet; returns the log line."""
    write_checkpoint(state, out / "checkpoint.safetensors")
    model = FaceVAE(network, next(state.learner.parameters()).device)
    temporary = out / ".face-vae.safetensors.part"
    model.save(temporary, history(state))
    temporary.replace(out / "face-vae.safetensors")
    return log.report(state, model)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status, 1 after an error that the user can mend."""
    parser = argparse.ArgumentParser(description="Train a face VAE; run again to resume.")
    parser.add_argument(
        "--data", required=True, help="rendered data set, folder of pictures, or data set name"
    )
    parser.add_argument("--out", type=Path, required=True, help="directory of the run")
    parser.add_argument("--minutes", type=float, default=80.0, help="time budget, resumed runs together")
    parser.add_argument("--start", type=Path, help="weights of a face VAE to go on from, when the run begins")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args(arguments)
    if not options.minutes > 0:
        parser.error(f"expected --minutes above 0, got {options.minutes}")
    try:
        device = torch.device(options.device)
        print(train(options.data, options.out, options.minutes, device, start=options.start))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
