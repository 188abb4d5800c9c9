from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks.directions import __main__ as command
from benchmarks.directions.held import Answers
from benchmarks.directions.measure import STRENGTHS, line, respond, seen_again
from benchmarks.directions.probes import Probes, fit_probes
from benchmarks.directions.report import figures, shown, tables, to_json
from benchmarks.directions.results import ALL, SHIPPED, Result, Results
from benchmarks.directions.subjects import (
    GROUPS,
    RANDOM,
    Contestant,
    Subjects,
    contestants,
    find_directions,
    gain,
    random_control,
)
from benchmarks.directions.truth import Nearness, TrueEdits, comparable, distance, nearness, true_edit
from explorer.operations import Direction, Provenance, hold, unit
from explorer.steering.built_in import targets
from explorer.steering.fitting import projected_std
from models.faces.evaluation.report import Figure
from models.faces.world.canvas import GraphicsError, create_context
from models.faces.world.factors import sample_factors
from models.toys.vector import ToyModel

ROOT = Path(__file__).parents[2]
NAMES = ("smile", "yaw", "glasses:round", "glasses:rect", "beard")


def direction(vector, std=0.5, name="smile"):
    return Direction(name, unit(vector.float()), std, Provenance("ridge", "a test", 100))


@pytest.fixture(scope="module")
def latents():
    return 0.5 * torch.randn(30, 8, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def probes():
    weights = np.random.default_rng(2).standard_normal((8, len(NAMES)))
    return Probes(NAMES, np.ones(len(NAMES)), weights)


def respond_to(found, probes, latents, label="smile"):
    model = ToyModel()
    unedited = probes.read(seen_again(model, latents))
    return respond(model, probes, latents, unedited, one_sigma(found, latents), label)


def one_sigma(found, latents):
    return (found.std * found.vector).expand_as(latents)


def rival(found, *held):
    return Contestant("smile", "ridge", found, 1.0, held)


def test_a_linear_model_answers_by_arithmetic(probes, latents):
    found = direction(torch.randn(8, generator=torch.Generator().manual_seed(3)))
    response = respond_to(found, probes, latents)
    step = found.std * found.vector.double().numpy() @ probes.weights  # change of each reading for one σ
    assert response.slope == pytest.approx(step[0], abs=1e-4)
    assert response.straightness == pytest.approx(1)
    assert response.means == pytest.approx([strength * step[0] for strength in STRENGTHS], abs=1e-4)
    others = (abs(step[1]) + (abs(step[2]) + abs(step[3])) / 2 + abs(step[4])) / 3  # glasses are one factor
    assert response.others == pytest.approx(others, abs=1e-4)
    assert response.drift == pytest.approx(others, abs=1e-4)  # the same in every portrait
    assert response.others_per_target == pytest.approx(others / abs(step[0]), rel=1e-3)
    largest = np.argsort(-np.abs(step[1:]))[:3] + 1
    assert response.leading == pytest.approx({NAMES[i]: step[i] for i in largest}, abs=1e-4)


def test_what_is_held_reads_the_same_in_every_picture(probes, latents):
    class Bent(ToyModel):
        """Reads more of all dimensions the more there is of the first, in each picture its own way."""

        def _encode(self, images):
            found = super()._encode(images)
            return found + 0.2 * found[:, :1] * found

    model, found = Bent(), direction(torch.from_numpy(probes.weights[:, 0]), std=0.1)
    others = [direction(torch.from_numpy(column), 0.1, "other") for column in probes.weights.T[1:]]
    unedited, answers = probes.read(seen_again(model, latents)), Answers(model, latents)
    free, constant, held = (
        respond(model, probes, latents, unedited, step, "smile")
        for step in (
            answers.steps(rival(found)),
            one_sigma(hold(found, others), latents),
            answers.steps(rival(found, *others)),
        )
    )
    assert held.others < 0.3 * constant.others < 0.3 * free.others
    assert held.slope > 0.02
    assert len(answers.known) == 5


def test_changes_that_differ_between_portraits_are_change_but_no_drift(probes, latents):
    class Scattering(ToyModel):
        """Encodes a move along the first dimension as one of the second too, each picture its own way."""

        def _encode(self, images):
            found = super()._encode(images)
            signs = torch.tensor([1.0, -1.0]).repeat(len(found))[: len(found)]
            return found + torch.outer(signs * found[:, 0], torch.eye(8)[1])

    straight = Probes(("smile", "yaw"), np.ones(2), np.eye(8)[:, :2])
    model, found = Scattering(), direction(torch.eye(8)[0], std=0.5)
    unedited = straight.read(seen_again(model, latents))
    response = respond(model, straight, latents, unedited, one_sigma(found, latents), "smile")
    assert response.others == pytest.approx(0.5, abs=1e-4)
    assert response.drift == pytest.approx(0, abs=1e-4)


def test_the_line_through_a_curve_is_not_straight():
    assert line(np.array([-2.0, -1, 0, 1, 2])) == pytest.approx((1, 1))
    slope, straightness = line(np.array([4.0, 1, 0, 1, 4]))
    assert (slope, straightness) == pytest.approx((0, 0), abs=1e-9)
    assert line(np.zeros(5)) == pytest.approx((0, 0))


@pytest.fixture(scope="module")
def subjects():
    """Three labels that the latents hold along the first three dimensions, and one that they do not."""
    rng = np.random.default_rng(4)
    latents = rng.standard_normal((1200, 8))
    labels = targets(
        pd.DataFrame(
            {
                "smile": 3 * latents[:, 0] + 7,
                "yaw": latents[:, 1],
                "glasses": np.select([latents[:, 2] > 1, latents[:, 2] > 0.3], ["round", "rect"], "none"),
                "freckles": rng.standard_normal(1200),
            }
        )
    )
    rows = np.arange(1200)
    parts = rows[:500], rows[500:1000], rows[1000:]
    return Subjects(torch.from_numpy(latents).float(), labels, *parts)


def test_a_kind_is_told_from_none_and_not_from_other_kinds(subjects):
    latents, values = subjects.lesson("glasses:round")
    assert latents[values, 2].min() > 1
    assert latents[~values, 2].max() < 0.3
    found = subjects.find("mean-difference", "glasses:round")
    assert found.std == pytest.approx(projected_std(found.vector, subjects.latents[subjects.fitting]))
    assert found.vector[2] > 0.97


def test_probes_read_what_is_there_in_their_sigma(subjects):
    probes = fit_probes(subjects, [])
    assert probes.labels == ("smile", "yaw", "glasses", "glasses:round")
    assert probes.scores[:2] == pytest.approx([1, 1], abs=1e-3)
    readings = probes.read(subjects.latents[subjects.held_out])
    assert readings.std(0) == pytest.approx([1, 1, 1, 1])
    assert fit_probes(subjects, ["freckles"]).labels[-1] == "freckles"
    assert probes.others("glasses") == pytest.approx([0.5, 0.5, 0, 0])
    assert probes.others("smile") == pytest.approx([0, 0.5, 0.25, 0.25])


def test_every_method_competes_free_and_held_beside_the_control(subjects):
    read = ["smile", "yaw", "glasses", "glasses:round"]
    found = find_directions(subjects, ToyModel(), ["smile"], read)
    assert list(found) == ["mean-difference", "logistic", "svm", "ridge", GROUPS, "pca", "sefa"]
    rivals = list(contestants("smile", subjects, found, read))
    assert [rival.method for rival in rivals if not rival.held] == [*found, RANDOM]
    for rival in rivals:
        moved = float(rival.direction.vector[0])
        if rival.method in ("mean-difference", "logistic", "svm", "ridge"):
            assert moved > 0.95
        elif rival.method != RANDOM:
            assert moved > 0  # turned towards more of it
        if rival.method == RANDOM:  # it is moved as far as the direction that ships
            assert rival.gain == next(other.gain for other in rivals if other.method == "ridge")
    shipped = [found["ridge"]["yaw"], *(found["mean-difference"][key] for key in read[2:])]
    assert [rival.held for rival in rivals if rival.held] == [tuple(shipped)] * len(found)


def test_the_control_is_as_long_and_points_anywhere(subjects):
    found = direction(torch.eye(8)[0], std=0.7)
    control = random_control(found)
    assert control.std == found.std
    assert torch.equal(control.vector, random_control(found).vector)
    assert not torch.equal(control.vector, random_control(replace(found, name="yaw")).vector)
    cosines = [float(random_control(replace(found, name=str(i))).vector[0]) for i in range(400)]
    assert np.mean(cosines) == pytest.approx(0, abs=0.06)
    assert np.mean(np.square(cosines)) == pytest.approx(1 / 8, abs=0.03)  # of a unit vector in 8 dimensions


def test_gain_leads_to_the_mean_latent_of_one_sigma_more(subjects):
    latents, values = subjects.latents, subjects.labels["smile"].values
    along = direction(torch.eye(8)[0], std=0.5)
    assert gain(along, latents, values) * along.std == pytest.approx(float(latents[:, 0].std()), rel=1e-3)
    across = direction(torch.eye(8)[0] + torch.eye(8)[3], std=0.5)
    sigmas = (values - values.mean()) / values.std()
    ahead = (latents.numpy() * sigmas[:, None]).mean(0)  # how the mean latent moves with the label
    moved = gain(across, latents, values) * across.std
    assert moved == pytest.approx(float(across.vector.numpy() @ ahead), abs=1e-4)


def test_a_true_edit_changes_one_factor_and_stays_in_range():
    factors = replace(sample_factors(np.random.default_rng(0)), smile=0.9, yaw=0.0, glasses="none")
    changed, step = true_edit(factors, "yaw", 15.0)
    assert (changed, step) == (replace(factors, yaw=15.0), 1)
    changed, step = true_edit(factors, "smile", 0.5)
    assert changed.smile == pytest.approx(0.4)
    assert step == -1
    assert true_edit(factors, "glasses", 0.5) == (replace(factors, glasses="round"), 2)
    assert true_edit(factors, "glasses:rect", 0.5) == (replace(factors, glasses="rect"), 2)
    wearing = replace(factors, glasses="sunglasses")
    assert true_edit(wearing, "glasses", 0.5) == (factors, -2)
    bald = replace(factors, hair_style="bald")
    assert comparable("glasses:rect", [factors, wearing, bald]).tolist() == [0, 2]
    assert comparable("hair_tone", [bald]).tolist() == []
    assert comparable("smile", [wearing, bald]).tolist() == [0, 1]


@pytest.fixture
def edits(latents):
    """True edits of the toy: one σ along the first dimension is 0.5."""
    model, ahead = ToyModel(), 0.5 * torch.eye(8)[0]
    steps = np.where(np.arange(len(latents)) % 2, 1.0, -1.0)
    after = model.decode(latents + torch.from_numpy(steps).float()[:, None] * ahead)
    region = torch.zeros(len(latents), 16, 16, dtype=torch.bool)
    region[:, :8] = True
    return TrueEdits(np.arange(len(latents)), steps, latents, model.decode(latents), after, region)


def test_the_right_edit_is_the_truth_and_the_wrong_one_twice_as_far(edits):
    model, along = ToyModel(), one_sigma(direction(torch.eye(8)[0], std=0.25), edits.latents)
    right = nearness(model, edits, along, gain=2.0)
    assert (right.count, right.share, right.region_share) == (30, 1, 1)
    assert right.ratio == pytest.approx(0, abs=1e-4)
    half = nearness(model, edits, along, gain=1.0)
    assert (half.ratio, half.region_ratio) == pytest.approx((0.5, 0.5), abs=1e-4)
    wrong = nearness(model, edits, along, gain=-2.0)
    assert (wrong.share, wrong.ratio) == pytest.approx((0, 2), abs=1e-4)


def test_each_portrait_goes_its_own_step(edits):
    steps = torch.zeros(60, 8)
    steps[30:] = 0.25 * torch.eye(8)[0]
    found = nearness(ToyModel(), replace(edits, rows=np.arange(30, 60)), steps, gain=2.0)
    assert found.ratio == pytest.approx(0, abs=1e-4)


def test_a_portrait_without_a_changed_pixel_counts_for_no_region(edits):
    nowhere = replace(edits, region=torch.zeros_like(edits.region))
    along = one_sigma(direction(torch.eye(8)[0], std=0.25), edits.latents)
    found = nearness(ToyModel(), nowhere, along, gain=2.0)
    assert found.share == 1
    assert np.isnan(found.region_share)


def test_distance_is_in_levels_of_255():
    black, white = -torch.ones(2, 3, 16, 16), torch.ones(2, 3, 16, 16)
    region = torch.zeros(2, 16, 16, dtype=torch.bool)
    region[0] = True
    assert distance(black, white, region).tolist() == [255, 0]


def entry(factor, method, held, slope, others, probes, latents, shipped=False):
    response = respond_to(direction(torch.eye(8)[0]), probes, latents)
    response = replace(response, slope=slope, others=others, drift=others / 2, straightness=0.99)
    near = Nearness(4, 0.9, 0.5, 0.9, float("nan"))
    return Result(factor, method, held, shipped, 1.0, response, near)


@pytest.fixture
def results(probes, latents):
    rows = [
        ("smile", "ridge", False, 1.0, 0.4, True),
        ("smile", "ridge", True, 0.9, 0.18, True),
        ("smile", "svm", False, 0.8, 0.24, False),
        ("smile", "svm", True, 0.6, 0.24, False),
        ("smile", "pca", False, 0.3, 0.01, False),  # too flat to be a smile
        ("smile", RANDOM, False, 0.01, 0.5, False),
    ]
    return Results([entry(*row[:5], probes, latents, shipped=row[5]) for row in rows])


def test_the_winner_is_the_cleanest_usable_method(results):
    assert results.winner("smile", held=False) == "svm"  # 0.3 for one σ of target; ridge 0.4; pca is too flat
    assert results.winner("smile", held=True) == "ridge"
    assert results.methods == ["ridge", "svm", "pca"]


def test_holding_is_judged_by_both_shares(results):
    holdings = {holding.method: holding for holding in results.holdings}
    assert list(holdings) == [
        SHIPPED,
        "ridge",
        "svm",
        ALL,
    ]  # nothing of pca was left when the others were held
    assert holdings["ridge"].others == pytest.approx(0.5)
    assert holdings["ridge"].kept == pytest.approx(0.9)
    assert holdings["ridge"].met
    assert holdings["svm"].others == pytest.approx((0.24 / 0.6) / 0.3)
    assert not holdings["svm"].met
    assert holdings[ALL].kept == pytest.approx(1.5 / 1.8)


def test_glasses_are_judged_kind_by_kind(results):
    kinds = [("glasses:round", 0.9, 30), ("glasses:rect", 0.6, 10), ("glasses", 0.1, 40)]
    smile = results.entries[0]
    worn = [
        replace(smile, factor=factor, nearness=replace(smile.nearness, share=share, count=count))
        for factor, share, count in kinds
    ]
    found = {figure.name: figure.value for figure in figures(Results([smile, *worn]))}
    ahead = "edit nearer to the truth than no edit, "
    assert found[f"{ahead}glasses, each kind along its own direction"] == pytest.approx(82.5)
    assert found[f"{ahead}smile"] == pytest.approx(90)


def test_straightness_is_judged_apart_for_kinds_of_glasses(results):
    smile = results.entries[0]
    bent = replace(smile, factor="glasses:rect", response=replace(smile.response, straightness=0.9))
    found = {figure.name: figure for figure in figures(Results([smile, bent]))}
    ahead = "straightness (R²) of the shipped directions, the worst "
    assert found[f"{ahead}factor"].met
    assert not found[f"{ahead}kind of glasses"].met


def test_tables_mark_what_is_unusable_and_the_json_has_no_nan(results):
    text = shown(tables(results, {"smile": 0.8}))
    assert "| smile | 0.400 | 0.300 | (0.033) | (> 10) | svm |" in text
    assert "| smile | 0.200 | 0.400 | – | ridge |" in text
    assert all(isinstance(figure, Figure) for figure in figures(results))
    record = json.loads(to_json(results, {"smile": 0.8}, {"date": "2026-01-02"}), parse_constant=pytest.fail)
    assert record["winners"] == {"free": {"smile": "svm"}, "held": {"smile": "ridge"}}
    assert record["directions"][0]["nearness"]["region_ratio"] is None
    assert [d["usable"] for d in record["directions"]] == [True, True, True, True, False, False]


def test_the_docs_hold_the_section_that_the_command_fills():
    text = (ROOT / "docs" / "directions.md").read_text()
    assert text.count("<!-- tables:begin -->") == text.count("<!-- tables:end -->") == 1


def test_the_whole_command_on_a_few_portraits(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("benchmarks.directions.probes.READ", 0.8)  # fewer others, fewer directions to find
    assets = ROOT / "../shared/faces/assets"
    if not (assets / "manifest.json").is_file():
        pytest.skip(f"no face bundle in {assets}")
    try:
        create_context().release()
    except GraphicsError as error:
        pytest.skip(str(error))
    shutil.copy(ROOT / "docs" / "directions.md", tmp_path)
    arguments = [
        "--assets",
        str(assets),
        "--portraits",
        "4",
        "--factors",
        "skin_tone",
        "--out",
        str(tmp_path),
    ]
    assert command.main(arguments) == 0
    record = json.loads((tmp_path / "results" / "directions.json").read_text())
    assert record["portraits"] == 4
    shipped = next(d for d in record["directions"] if d["shipped"] and not d["held"])
    assert shipped["response"]["slope"] > 0.3
    assert "**Against the truth.**" in (tmp_path / "directions.md").read_text()
    assert "skin_tone" in capsys.readouterr().out


def test_a_missing_bundle_is_said_in_one_line(tmp_path, capsys):
    assert command.main(["--assets", str(tmp_path / "nothing"), "--portraits", "4"]) == 1
    assert capsys.readouterr().err.startswith("error: ")
