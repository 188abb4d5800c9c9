from __future__ import annotations

from concurrent.futures import CancelledError

import numpy as np
import pytest
import torch
from prometheus_client.parser import text_string_to_metric_families

from explorer.device.jobs import BusyError, Job, Priority, Request
from explorer.device.telemetry import Telemetry
from explorer.device.users import User
from explorer.device.worker import DecodeWorker
from models.toys.vector import ToyModel
from tests.explorer.toys import GatedToy, latents

CANVAS = Priority.CANVAS


def measured(worker: DecodeWorker, sample: str, **labels: str) -> float:
    """A sample's value, read as Prometheus reads it; 0 for one that is not there yet."""
    families = text_string_to_metric_families(worker.telemetry.render().decode())
    values = [
        found.value for family in families for found in family.samples
        if found.name == f"latent_explorer_{sample}" and labels.items() <= found.labels.items()
    ]  # fmt: skip
    return sum(values)


def test_batches_waits_and_answers_are_counted(worker: DecodeWorker) -> None:
    model, user = ToyModel(), User()
    worker.decode(model, latents(1, 2, 3))
    worker.submit(model, latents(4), user.ask("canvas", CANVAS)).result()
    assert measured(worker, "batch_pictures_sum", model="toy") == 4
    assert measured(worker, "device_seconds_count", model="toy") == 2
    assert measured(worker, "device_seconds_sum", model="toy") > 0
    for priority in ("bulk", "canvas"):
        assert measured(worker, "requests_total", priority=priority, outcome="answered") == 1
        waited = measured(worker, "wait_seconds_sum", priority=priority)
        assert 0 <= waited <= measured(worker, "request_seconds_sum", priority=priority)


def test_the_pace_is_a_moving_average_that_starts_anew_with_a_faster_way() -> None:
    telemetry, model = Telemetry(lambda: 0, lambda: 0), ToyModel()

    def decode(ms: float) -> float:
        rows = latents(1, 2)
        batch = [(Request(Job("toy", "decode", rows), model), rows)]
        telemetry.ran(batch, 2e-3 * ms)
        return telemetry.ms_per_frame("toy")

    assert telemetry.ms_per_frame("toy") == 0
    assert [decode(ms) for ms in (100, 50, 30)] == pytest.approx([100, 75, 60])
    for _ in range(7):
        decode(60)
    assert decode(160) == pytest.approx(70), "of ten batches or more the newest counts a tenth"
    model.precision = "int8"
    assert [decode(ms) for ms in (80, 20)] == pytest.approx([80, 50])


def test_a_request_in_slices_waits_once(worker: DecodeWorker) -> None:
    worker.decode(ToyModel(), torch.randn(1024, 8))
    worker.decode(ToyModel(), torch.randn(1, 8))
    assert measured(worker, "wait_seconds_count", priority="bulk") == 2


def test_what_is_dropped_failed_or_refused_is_told_apart(worker: DecodeWorker) -> None:
    model, user = GatedToy(), User()
    first = worker.submit(model, latents(0))
    assert model.reached.wait(20)
    older = worker.submit(model, latents(1), user.ask("canvas", CANVAS))
    newer = worker.submit(model, latents(2), user.ask("canvas", CANVAS))
    bad = worker.submit(model, latents(99))
    assert measured(worker, "waiting_requests") == 2
    for lane in range(15):
        worker.submit(model, latents(3), user.ask(f"lane {lane}", CANVAS))
    with pytest.raises(BusyError):
        worker.submit(model, latents(4), user.ask("one too many", CANVAS))
    model.gate.set()
    with pytest.raises(CancelledError):
        older.result()
    with pytest.raises(RuntimeError, match="99"):
        bad.result()
    first.result(), newer.result()
    assert measured(worker, "requests_total", outcome="dropped") == 1
    assert measured(worker, "requests_total", outcome="failed") == 1
    assert measured(worker, "requests_total", outcome="busy") == 1


def test_pictures_that_are_kept_are_counted(worker: DecodeWorker) -> None:
    model = ToyModel()
    first = worker.decode(model, latents(1, 2))
    again = worker.decode(model, latents(2, 3))
    assert np.array_equal(first[1], again[0])
    assert measured(worker, "pictures_total", kept="no") == 3
    assert measured(worker, "pictures_total", kept="yes") == 1
    assert measured(worker, "kept_bytes") == 3 * 16 * 16 * 3


def test_a_call_of_no_model_is_counted_too(worker: DecodeWorker) -> None:
    assert worker.call(lambda: 7) == 7
    assert measured(worker, "requests_total", priority="background", outcome="answered") == 1
    assert measured(worker, "device_seconds_count", model="none") == 1
