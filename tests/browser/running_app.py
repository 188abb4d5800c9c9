"""The real app as a process of its own, on a free port."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_SECONDS = 90  # this machine may be busy


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RunningApp:
    def __init__(self, cache_dir, *flags, script=ROOT / "app.py"):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.log = Path(cache_dir) / "app.log"
        folders = ["--cache-dir", str(cache_dir), "--data-dir", str(Path(cache_dir) / "data")]
        self._flags = ["--port", str(self.port), *folders, "--device", "cpu", *flags]
        self._script = script
        self._process = None
        self._share_networks(Path(cache_dir))

    def _share_networks(self, cache_dir):
        """What an app compiles is found by the others, and by the other tests of this run."""
        base = cache_dir.parent
        run = base.parent if base.name.startswith("popen-") else base  # xdist has a folder for each process
        shared, own = run / "networks", cache_dir / "networks"
        shared.mkdir(exist_ok=True)
        if not own.exists():
            own.symlink_to(shared)

    def start(self):
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, str(self._script), *self._flags]
        with self.log.open("a") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, f"the app ended at its start:\n{self.log.read_text()}"
            assert time.monotonic() < until, f"the app does not answer:\n{self.log.read_text()}"
            time.sleep(0.2)
        return self

    def _answers(self):
        try:
            with urllib.request.urlopen(self.url + "explorer/status", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def stop(self):
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def restart(self):
        self.stop()
        return self.start()
