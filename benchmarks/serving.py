"""An app started for a measurement, on a port of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
OURS, NAIVE = ("app.py", "--port"), ("-m", "benchmarks.naive_app")
PLAIN = os.environ | {"THP_MEM_ALLOC_ENABLE": "0"}  # for what shall not have what our package sets


@dataclass(frozen=True)
class Served:
    """A running app: where it is, which process, and when that was started (time.perf_counter)."""

    url: str
    pid: int
    started: float

    def resident_mb(self) -> float:
        """Memory that the process has in RAM now."""
        return resident_mb(self.pid)


def resident_mb(pid: int | str = "self", field: str = "VmRSS") -> float:
    """Memory of a process in RAM: now (VmRSS) or at most so far (VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))


@contextmanager
def serve(*command: str, folder: Path = ROOT) -> Iterator[Served]:
    """Start `python *command PORT` in a checkout and wait until it answers.

    Raises RuntimeError where it ends instead.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    environment = os.environ if command == OURS else PLAIN
    line = [sys.executable, *command, str(port)]
    process = subprocess.Popen(line, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/"
    try:
        while not answers(url):
            if process.poll() is not None:
                raise RuntimeError(f"{' '.join(command)} ended with status {process.returncode}")
            time.sleep(0.02)
        yield Served(url, process.pid, started)
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(url: str) -> bool:
    """Whether a server is up and gives out its page."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except OSError:
        return False
    return True
