import json
from pathlib import Path

import pytest

from models.errors import InputError
from models.faces.evaluation.probes import Reading
from models.faces.evaluation.report import FACTOR_HEADER, FACTOR_TARGETS, Evaluation, Figure, aligned, fill
from models.faces.world.factors import FACTORS


@pytest.fixture
def evaluation() -> Evaluation:
    facts = {
        "date": "2026-01-02",
        "machine": "a machine",
        "weights": {"sha256": "ab12", "encoder_parameters": 1234, "decoder_parameters": 5678},
        "counts": {"test": 2000, "pca": 12000, "probes": 8000},
    }
    read = [
        Reading("yaw", 0.971, None, None, None),
        Reading("gaze_x", 0.5, 0.75, 1300, None),
        Reading("glasses", 0.9, None, None, "rect and round (7 of 9 errors)"),
    ]
    linear = [Reading(reading.factor, 0.25, None, None, None) for reading in read]
    figures = [Figure("PSNR", 28.5, "dB", target=27.6), Figure("ratio", 2.5, target=2.0, at_most=True)]
    curved = dict.fromkeys(("yaw", "gaze_x", "glasses"), 0.625)
    return Evaluation(figures, read, linear, curved, [2.5, 1.0, 0.125], facts)


def test_a_target_is_met_or_not() -> None:
    assert Figure("a", 1.0).met is None
    assert Figure("a", 1.0, target=1.0).met
    assert not Figure("a", 0.99, target=1.0).met
    assert Figure("a", 0.99, target=1.0, at_most=True).met
    assert not Figure("a", 1.01, target=1.0, at_most=True).met
    assert Figure("size", 10.87, "MB", 1, 15, at_most=True).row() == ["size", "10.9 MB", "≤ 15.0 MB", "met"]


def test_targets_are_those_of_real_factors() -> None:
    assert FACTOR_TARGETS.keys() <= FACTORS.keys()


def test_the_json_holds_every_figure_with_its_verdict(evaluation: Evaluation) -> None:
    record = json.loads(evaluation.to_json())
    assert [figure["met"] for figure in record["figures"]] == [True, False]
    yaw, gaze, glasses = record["factors"]
    assert (yaw["score"], yaw["target"], yaw["met"], yaw["pca"]) == (0.971, 0.95, True, 0.25)
    assert yaw["curved"] == 0.625
    assert (gaze["visible"], gaze["target"], gaze["met"]) == (0.75, None, None)
    assert (glasses["met"], glasses["confusion"]) == (False, "rect and round (7 of 9 errors)")
    assert record["kl_per_dimension"] == [2.5, 1.0, 0.125]
    assert record["counts"]["test"] == 2000


def test_the_card_shows_figures_targets_and_what_is_not_met(evaluation: Evaluation) -> None:
    text = evaluation.to_markdown()
    assert "| PSNR | 28.50 dB | ≥ 27.60 dB | met |" in text
    assert "| ratio | 2.50 | ≤ 2.00 | **not met** |" in text
    assert "| yaw | R² | 0.971 | ≥ 0.95 | met | 0.625 | 0.250 |  |  |" in text
    assert "| 0.750 | `glasses != 'sunglasses' and eyes_closed < 0.5` (1,300) |" in text
    assert "| glasses | accuracy | 0.900 | ≥ 0.97 | **not met** |" in text
    assert "glasses: rect and round (7 of 9 errors)" in text


def test_the_terminal_table_is_aligned(evaluation: Evaluation) -> None:
    lines = aligned(FACTOR_HEADER, evaluation.factor_rows()).splitlines()
    assert len(lines) == 4
    column = lines[0].index("Linear")
    assert [line[column : column + 5] for line in lines[1:]] == ["0.971", "0.500", "0.900"]


def test_a_section_of_the_card_is_replaced_and_the_rest_kept(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text("a\n<!-- x:begin -->\nold \\1\n<!-- x:end -->\nb <!-- y:begin --><!-- y:end -->\n")
    fill(card, "x", r"new \1 text")
    fill(card, "x", r"newer \1 text")
    assert card.read_text() == (
        "a\n<!-- x:begin -->\nnewer \\1 text\n<!-- x:end -->\nb <!-- y:begin --><!-- y:end -->\n"
    )
    with pytest.raises(InputError, match=r"card\.md: expected one section between <!-- z:begin -->"):
        fill(card, "z", "text")
