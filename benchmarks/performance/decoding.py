"""Decoding, ours and naive in turn; and the fastest matrix product of the machine, in the same run."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.performance.subjects import SUBJECTS, Subject
from benchmarks.serving import PLAIN, ROOT

REST = 0.3  # seconds before each decode: OpenMP's threads of the one before spin on for some milliseconds
SIDES = (1024, 2048, 3072)  # of the matrices; on CUDA four times as large


@dataclass(frozen=True)
class Side:
    """One contestant's medians."""

    precision: str
    ms_per_frame: float
    gflops: float  # a second, counting the multiplications that the naive way needs
    resident_mb: float
    cuda_mb: float


@dataclass(frozen=True)
class Decoding:
    """One subject: both contestants, and how alike their pictures are."""

    subject: Subject
    ours: Side
    naive: Side
    psnr: float  # dB, the worst picture

    @property
    def ratio(self) -> float:
        """Our throughput in parts of the naive one's."""
        return self.naive.ms_per_frame / self.ours.ms_per_frame


class Contestant:
    """A process that decodes when told to."""

    def __init__(self, name: str, way: str, folder: Path) -> None:
        self.pictures = folder / f"{way}.npy"
        command = [
            "-m",
            "benchmarks.performance.contestant",
            name,
            way,
            folder / "latents.npy",
            self.pictures,
        ]
        self._process = subprocess.Popen(
            [sys.executable, *map(str, command)],
            cwd=ROOT, env=PLAIN if way == "naive" else None, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.facts = self._read()
        self.decodes: list[dict[str, float]] = []

    def __enter__(self) -> Contestant:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def decode(self) -> None:
        """Once, and keep what it took."""
        assert self._process.stdin is not None
        self._process.stdin.write("decode\n")
        self._process.stdin.flush()
        self.decodes.append(self._read())

    def side(self, subject: Subject, flops: float) -> Side:
        """The medians of all decodes; `flops` is what the naive way needs for one."""
        seconds = statistics.median(decode["seconds"] for decode in self.decodes)
        last = self.decodes[-1]
        ms_per_frame, gflops = 1e3 * seconds / subject.batch, flops / seconds / 1e9
        return Side(self.facts["precision"], ms_per_frame, gflops, last["resident_mb"], last["cuda_mb"])

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a contestant ended before it answered")
        return json.loads(line)


def measure(name: str) -> Decoding:
    """Both contestants of a subject, in alternation after one decode that does not count."""
    subject = SUBJECTS[name]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        np.save(Path(folder) / "latents.npy", subject.latents())
        naive, ours = (stack.enter_context(Contestant(name, way, Path(folder))) for way in ("naive", "ours"))
        for _, contestant in product(range(subject.rounds), (naive, ours)):
            time.sleep(REST)
            contestant.decode()
        flops = naive.facts["flops"]
        error = (np.load(ours.pictures) - np.load(naive.pictures)) ** 2
        psnr = 10 * np.log10(4 / error.mean((1, 2, 3)).max())
        return Decoding(subject, ours.side(subject, flops), naive.side(subject, flops), float(psnr))


def peaks() -> dict[str, float]:
    """GFLOP/s of the fastest matrix product in each format that the device has."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    found: dict[str, float] = {}
    for side in SIDES:
        n = 4 * side if device.type == "cuda" else side
        for name, multiply in products(n, device).items():
            found[name] = max(found.get(name, 0.0), 2 * n**3 / fastest(multiply, device) / 1e9)
    return found


def products(n: int, device: torch.device) -> dict[str, Callable[[], object]]:
    """A product of two n × n matrices in each format."""
    a, b = torch.randn(2, n, n, device=device)
    x, y = a.bfloat16(), b.bfloat16()
    steps = torch.randint(-99, 99, (n, n), dtype=torch.int8, device=device)
    return {"fp32": lambda: a @ b, "bf16": lambda: x @ y, "int8": lambda: torch._int_mm(steps, steps)}


def fastest(multiply: Callable[[], object], device: torch.device, times: int = 9) -> float:
    """Seconds of the fastest of several runs."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        multiply()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return min(seconds)
