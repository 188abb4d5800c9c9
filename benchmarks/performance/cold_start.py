"""From starting the process to the first picture over the live channel."""

from __future__ import annotations

import json
import statistics
import time
import urllib.request

from websockets.sync.client import connect

from benchmarks.serving import OURS, Served, serve

STARTS = 5
RETRY = 0.05  # seconds


def measure() -> float:
    """Seconds, the median of several starts."""
    return statistics.median(start() for _ in range(STARTS))


def start() -> float:
    """Start the app once."""
    with serve(*OURS) as app:
        return first_picture(app)


def first_morph(app: Served) -> dict[str, object]:
    """What the page shows first, with A and B as soon as the server knows them."""
    with urllib.request.urlopen(f"{app.url}explorer/status") as answer:
        status = json.load(answer)
    first = status["first"]
    dataset = next(entry.get("dataset") for entry in status["models"] if entry["name"] == first["model"])
    return first | dict(zip("ab", dataset["pair"], strict=True)) if dataset else first


def first_picture(app: Served) -> float:
    """Ask for the picture that the page shows first; seconds since the start of the process."""
    while "a" not in (morph := first_morph(app)):  # its data set is not open yet
        time.sleep(RETRY)
    request = json.dumps({"sequence": 1, "lane": "canvas", "morph": morph})
    with connect(app.url.replace("http", "ws") + "explorer/live") as socket:
        socket.send(request)
        while isinstance(socket.recv(), str):  # not ready yet
            time.sleep(RETRY)
            socket.send(request)
    return time.perf_counter() - app.started
