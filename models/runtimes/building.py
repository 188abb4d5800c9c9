"""Builds what runs a model's networks fast on a CPU, in a process of its own.

Tracing a network changes PyTorch for all threads of a process, and fitting one to bytes takes every core for
minutes: neither may happen beside a drag. The process is nice to others, and gives back piece by piece.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from models.runtimes.compiled import Compiled, Target, compiled_for, convert
from models.runtimes.judging import CLOSE, closeness, pictures
from models.runtimes.quantising import quantised

Way = Literal["decode", "encode", "bf16", "int8"]
"""The decoder and the encoder in float32, and the decoder in less."""

NICE = 10  # beside whoever drags


@dataclass(frozen=True)
class Plan:
    """A model's networks, and by which latents of theirs is judged; all that it holds can go to a process."""

    decoder: nn.Module
    encoder: nn.Module
    latent_shape: tuple[int, ...]
    value_shape: tuple[int, ...]
    judges: Tensor | None  # latents; None where they are those of `pictures`
    fitted: Tensor | None  # as many others, to which bytes are fitted
    threads: int
    quantised: Path | None = None  # where the decoder in bytes may be already

    def target(self, way: Way) -> Target:
        """What a way is compiled for."""
        return Target("bf16" if way == "bf16" else "f32", self.threads)

    def network(self, way: Way) -> tuple[nn.Module, tuple[int, ...]]:
        """What a way runs, and the shape of one of its inputs."""
        if way == "encode":
            return self.encoder, self.value_shape
        return self.decoder, self.latent_shape


def built(plan: Plan, ways: list[Way]) -> Iterator[tuple[Way, bytes]]:
    """Each way as the blob of what was compiled, or none where nothing was close enough.

    Raises RuntimeError where the process ends before, with what it said last.
    """
    if not ways:
        return
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", __name__]  # multiprocessing would import the whole app once more
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pickle.dump((plan, ways), process.stdin)
            process.stdin.flush()
            for _ in ways:
                answer = pickle.load(process.stdout)
                if isinstance(answer, str):
                    raise RuntimeError(answer)
                yield answer
        except (EOFError, BrokenPipeError) as error:
            raise RuntimeError(f"the process that builds it ended with {process.wait()}") from error
        finally:
            process.kill()


def _work() -> None:
    """What the process does: it ends with the one that started it."""
    there = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    if hasattr(os, "nice"):
        os.nice(NICE)
    logging.disable(logging.WARNING)
    try:
        plan, ways = pickle.load(sys.stdin.buffer)
    except EOFError:  # who started it has ended meanwhile
        return
    threading.Thread(target=lambda: sys.stdin.buffer.read() or os._exit(1), daemon=True).start()
    for way in ways:
        try:
            answer: object = (way, build(plan, way))
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        pickle.dump(answer, there)
        there.flush()


def build(plan: Plan, way: Way) -> bytes:
    """The blob of one way; none where nothing was close enough."""
    if way in ("decode", "encode"):
        return compiled_for(plan.target(way), convert(*plan.network(way))).blob
    found = approximate(plan, way)
    return found[1].blob if found else b""


@torch.no_grad()
def approximate(plan: Plan, way: Way) -> tuple[Any, Compiled] | None:
    """The decoder in less than float32 as OpenVINO's model, and compiled; None where none is close enough."""
    model = convert(plan.decoder, plan.latent_shape)
    judges, fitted = _judges(plan)
    exact = _seen(plan.decoder, judges)
    for attempt in [model] if way == "bf16" else quantised(model, fitted):
        made = compiled_for(plan.target(way), attempt)
        if closeness(_seen(made, judges), exact).reaches(CLOSE):
            return attempt, made
    return None


def _judges(plan: Plan) -> tuple[Tensor, Tensor]:
    if plan.judges is not None and plan.fitted is not None:
        return plan.judges, plan.fitted
    hard = pictures(plan.value_shape[-1])
    return _one_by_one(plan.encoder, hard), _one_by_one(plan.encoder, hard[::2].flip(-1))


def _seen(decode: Callable[[Tensor], Tensor], latents: Tensor) -> Tensor:
    """Pictures as they are seen."""
    return _one_by_one(decode, latents).clamp(-1, 1)


def _one_by_one(run: Callable[[Tensor], Tensor], values: Tensor) -> Tensor:
    """As a drag asks for them, and in no more memory."""
    return torch.cat([run(value[None]) for value in values])


if __name__ == "__main__":
    _work()
