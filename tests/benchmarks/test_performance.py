"""The benchmark's own parts: people who ask as the page does, and the verdicts on what they saw."""

import asyncio
import json
from dataclasses import replace

import pytest

from benchmarks.performance.__main__ import described
from benchmarks.performance.crowd import Crowd, Follower
from benchmarks.performance.decoding import Decoding, Side
from benchmarks.performance.report import (
    NOTHING,
    Results,
    crowd_table,
    decoding_table,
    figures,
    memory_table,
    record,
    targets,
    to_json,
)
from benchmarks.processor import processor
from benchmarks.serving import ROOT

CROWD = Crowd("ours, back and forth", 20, 25.0, 29.0, 60.0, 20, 0, [100.0] * 13)
SIDE = Side("fp32", 8.0, 50.0, 400.0, 0.0, spread=0.1)
WAYS = {
    "at rest": replace(SIDE, ms_per_frame=4.0, psnr=70.0),
    "moving": replace(SIDE, ms_per_frame=1.0, precision="int8", psnr=41.0),
}


@pytest.fixture
def results():
    soak = replace(CROWD, users=50, arrived=50, memory_mb=[100.0] * 12 + [200.0, 208.0])
    crowds = [CROWD, replace(CROWD, kind="naive", least_fps=5.0)]
    decoding = Decoding("tiny-512", SIDE, WAYS)
    facts = {"date": "today", "machine": "a machine"}
    return Results(False, {"fp32": 100.0, "bf16": 500.0}, [decoding], crowds, soak, 4.0, facts)


def test_every_figure_is_held_against_its_target(results):
    met = {figure.name: figure.met for figure in figures(results)}
    assert met == {
        "TAESD, 512 px, at rest: throughput": True,
        "TAESD, 512 px, at rest: PSNR against fp32": True,
        "TAESD, 512 px, moving: throughput": True,
        "TAESD, 512 px, moving: PSNR against fp32": True,
        "20 users, ours, back and forth: the slowest sees": True,
        "20 users, ours, back and forth: 95th percentile": True,
        "20 users, ours, back and forth: last positions that arrived": True,
        "50 users for 1 minutes: last positions that arrived": True,
        "50 users for 1 minutes: growth of memory after the first": True,
    }


def test_what_falls_short_is_called_not_met(results):
    soak = replace(results.soak, arrived=49, memory_mb=[100.0] * 13 + [106.0])
    slow = replace(CROWD, least_fps=24.9, p95_ms=61.0, arrived=19)
    far = {"at rest": replace(WAYS["at rest"], psnr=59.9), "moving": replace(WAYS["moving"], psnr=33.9)}
    short = replace(results, decodings=[Decoding("tiny-512", SIDE, far)], crowds=[slow], soak=soak)
    assert [figure.met for figure in figures(short)] == [True, False, True, *[False] * 6]
    assert targets({"one": record(short)}).count("**not met**") == 7


def test_a_processor_that_multiplies_bytes_has_targets_of_its_own(results):
    names = [figure.name for figure in figures(replace(results, has_vnni=True, crowds=[], soak=None))]
    assert names == ["TAESD, 512 px, moving: throughput", "TAESD, 512 px, moving: PSNR against fp32"]


def test_each_processor_has_a_column_and_says_what_was_not_measured(results):
    few = replace(results, crowds=[], soak=None, cold_start_s=None)
    records = json.loads(to_json({"one": record(results), "other": record(few)}))
    assert "8.0 → 1.0: **8.00 ×** in int8, 41.0 dB" in decoding_table(records)
    assert decoding_table(records).splitlines()[0].count("(today)") == 2
    assert "400 → 400" in memory_table(records)
    assert len(crowd_table(records).splitlines()) == 2 + 3
    assert crowd_table(records).count(NOTHING) == 3
    assert "4.0 s" in described("one", records["one"])
    assert "Cold start" not in described("other", records["other"])


def test_rounds_that_disagree_are_told(results):
    restless = replace(results.decodings[0], naive=replace(SIDE, spread=0.25))
    assert results.decodings[0].restless == []
    assert restless.restless == ["TAESD, 512 px, naive: two rounds are 25% apart"]


def test_the_tables_of_the_docs_are_those_of_the_file():
    records = json.loads((ROOT / "docs" / "results" / "performance.json").read_text())
    page = (ROOT / "docs" / "performance.md").read_text()
    for table in (targets, decoding_table, memory_table, crowd_table):
        assert table(records) in page
    assert processor().split(", ")[-1]


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
