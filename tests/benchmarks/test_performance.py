"""The benchmark's own parts: people who ask as the page does, and the verdicts on what they saw."""

import asyncio
import json
from dataclasses import replace

import pytest

from benchmarks.performance.crowd import Crowd, Follower
from benchmarks.performance.decoding import Decoding, Side
from benchmarks.performance.report import Results, crowd_table, decoding_table, figures, targets, to_json
from benchmarks.performance.subjects import SUBJECTS

CROWD = Crowd("ours, back and forth", 20, 25.0, 29.0, 60.0, 20, 0, [100.0] * 13)
SIDE = Side("fp32", 8.0, 50.0, 400.0, 0.0)


@pytest.fixture
def results():
    decoding = Decoding(SUBJECTS["tiny-512"], replace(SIDE, ms_per_frame=1.0, gflops=400.0), SIDE, 41.0)
    soak = replace(CROWD, users=50, arrived=50, memory_mb=[100.0] * 12 + [200.0, 208.0])
    crowds = [CROWD, replace(CROWD, kind="naive", least_fps=5.0)]
    return Results({"fp32": 100.0, "bf16": 500.0}, [decoding], crowds, soak, 4.0, {"date": "today"})


def test_every_figure_is_held_against_its_target(results):
    met = {figure.name: figure.met for figure in figures(results)}
    assert met == {
        "TAESD, 512 px: throughput": True,
        "TAESD, 512 px: PSNR against fp32": True,
        "20 users, ours, back and forth: the slowest sees": True,
        "20 users, ours, back and forth: 95th percentile": True,
        "20 users, ours, back and forth: last positions that arrived": True,
        "50 users for 1 minutes: last positions that arrived": True,
        "50 users for 1 minutes: growth of memory after the first": True,
    }


def test_what_falls_short_is_called_not_met(results):
    soak = replace(results.soak, arrived=49, memory_mb=[100.0] * 13 + [106.0])
    slow = replace(CROWD, least_fps=24.9, p95_ms=61.0, arrived=19)
    short = replace(results, decodings=[replace(results.decodings[0], psnr=39.9)], crowds=[slow], soak=soak)
    assert [figure.met for figure in figures(short)] == [True, False, False, False, False, False, False]
    assert targets(short).count("**not met**") == 6


def test_the_tables_have_a_line_for_everything(results):
    assert "8.00 ×" in decoding_table(results)
    assert "80%" in decoding_table(results)  # of the bf16 peak
    assert len(crowd_table(results).splitlines()) == 2 + 3
    record = json.loads(to_json(results))
    assert record["decoding"][0]["ratio"] == 8
    assert [crowd["kind"] for crowd in record["crowds"]] == ["ours, back and forth", "naive"]


def test_a_person_asks_for_the_newest_position_when_there_is_room():
    asked = []

    async def run():
        async def ask(number, alpha):
            asked.append((number, alpha))

        follower = Follower(ask, 2)
        for alpha in (0.1, 0.2, 0.3, 0.4):
            await follower.wish(alpha)
        assert asked == [(1, 0.1), (2, 0.2)]
        await follower.answered()
        assert asked[2:] == [(4, 0.4)]
        await follower.answered(dropped=True)  # from now on one at a time
        await follower.wish(0.5)
        assert asked[3:] == []
        await follower.answered()
        assert asked[3:] == [(5, 0.5)]

    asyncio.run(run())
