"""Decoding: naive, ours at rest and ours moving, in turn; and the fastest matrix products in the same run."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.performance.subjects import SUBJECTS, Subject
from benchmarks.processor import has_vnni
from benchmarks.serving import PLAIN, ROOT
from models.runtimes.policy import policy

REST = 0.3  # seconds before each decode: OpenMP's threads of the one before spin on for some milliseconds
SIDES = (1024, 2048, 3072)  # of the matrices; on CUDA four times as large
WAYS = ("at rest", "moving")  # of ours: exact, and seen in passing
APART = 0.2  # by which two rounds may differ before the machine counts as restless


@dataclass(frozen=True)
class Side:
    """One contestant's medians, and how alike its pictures are to the naive one's."""

    precision: str
    ms_per_frame: float
    gflops: float  # a second, counting the multiplications that the naive way needs
    resident_mb: float
    cuda_mb: float
    spread: float  # of the slowest round over the fastest, less 1
    psnr: float = float("inf")  # dB, the worst picture


@dataclass(frozen=True)
class Decoding:
    """One subject: all contestants."""

    key: str  # of SUBJECTS
    naive: Side
    ways: Mapping[str, Side]  # ours, of WAYS

    @property
    def subject(self) -> Subject:
        """What was decoded."""
        return SUBJECTS[self.key]

    def ratio(self, way: str) -> float:
        """Our throughput in parts of the naive one's."""
        return self.naive.ms_per_frame / self.ways[way].ms_per_frame

    @property
    def restless(self) -> list[str]:
        """Whose rounds disagree so much that the machine may have been busy with something else."""
        sides = {"naive": self.naive, **self.ways}
        return [
            f"{self.subject.title}, {name}: two rounds are {side.spread:.0%} apart"
            for name, side in sides.items()
            if side.spread > APART
        ]

    def record(self) -> dict[str, Any]:
        """As the file of results has it."""
        sides = {name: asdict(side) for name, side in self.ways.items()}
        return {
            "title": self.subject.title,
            "rounds": self.subject.rounds,
            "naive": asdict(self.naive),
        } | sides


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

    def side(self, subject: Subject, flops: float, naive: np.ndarray) -> Side:
        """The medians of all decodes; the naive way needs `flops` for one, and its pictures are `naive`."""
        every = [decode["seconds"] for decode in self.decodes]
        seconds, last = statistics.median(every), self.decodes[-1]
        error = ((np.load(self.pictures) - naive) ** 2).mean((1, 2, 3)).max()
        return Side(
            precision=self.facts["precision"],
            ms_per_frame=1e3 * seconds / subject.batch,
            gflops=flops / seconds / 1e9,
            resident_mb=last["resident_mb"],
            cuda_mb=last["cuda_mb"],
            spread=max(every) / min(every) - 1,
            psnr=float(10 * np.log10(4 / max(error, 1e-20))),
        )

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a contestant ended before it answered")
        return json.loads(line)


def measure(name: str) -> Decoding:
    """All contestants of a subject, in alternation after one decode that does not count."""
    subject = SUBJECTS[name]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        np.save(Path(folder) / "latents.npy", subject.latents())
        entered = {way: stack.enter_context(Contestant(name, way, Path(folder))) for way in ("naive", *WAYS)}
        for _, contestant in product(range(subject.rounds), entered.values()):
            time.sleep(REST)
            contestant.decode()
        flops, pictures = entered["naive"].facts["flops"], np.load(entered["naive"].pictures)
        sides = {way: contestant.side(subject, flops, pictures) for way, contestant in entered.items()}
        return Decoding(name, sides.pop("naive"), sides)


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
    """A product of two n × n matrices in each format that is multiplied natively: others take minutes."""
    a, b = torch.randn(2, n, n, device=device)
    x, y = a.bfloat16(), b.bfloat16()
    steps = torch.randint(-99, 99, (n, n), dtype=torch.int8, device=device)
    every = {"fp32": lambda: a @ b, "bf16": lambda: x @ y, "int8": lambda: torch._int_mm(steps, steps)}
    on_gpu = device.type == "cuda"
    has_bf16 = on_gpu or policy(device).dtype == torch.bfloat16
    native = {"fp32": True, "bf16": has_bf16, "int8": on_gpu or has_vnni()}
    return {name: multiply for name, multiply in every.items() if native[name]}


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
