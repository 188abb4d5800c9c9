import numpy as np
import pandas as pd
import pytest

from models.faces.evaluation.probes import VISIBLE, Labelled, read_curved, read_factor
from models.faces.world.factors import FACTORS, GLASSES, factors_at

TRAIN = slice(0, 600)
TEST = slice(600, 900)


@pytest.fixture(scope="module")
def factors() -> pd.DataFrame:
    return pd.DataFrame([factors_at(9, i).to_dict() for i in range(900)])


def split(columns: list[np.ndarray], factors: pd.DataFrame) -> tuple[Labelled, Labelled]:
    """Latents that mix the columns with noise, by halves."""
    rng = np.random.default_rng(0)
    known = np.column_stack([*columns, rng.standard_normal((len(factors), 4))])
    latents = known @ rng.standard_normal((known.shape[1], known.shape[1]))
    return Labelled(latents[TRAIN], factors[TRAIN]), Labelled(latents[TEST], factors[TEST])


def test_a_number_that_the_latents_hold_is_read_and_another_is_not(factors: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    yaw = factors["yaw"].to_numpy()
    noisy = yaw + yaw.std() / 3 * rng.standard_normal(len(yaw))
    train, test = split([noisy], factors)
    reading = read_factor("yaw", train, test)
    assert reading.score == pytest.approx(0.9, abs=0.03)  # 1 / (1 + 1/9)
    assert reading.visible is None
    assert abs(read_factor("pitch", train, test).score) < 0.1


def test_a_class_is_read_and_its_confusion_named(factors: pd.DataFrame) -> None:
    index = factors["glasses"].map(GLASSES.index).to_numpy()
    merged = np.where(index == GLASSES.index("rect"), GLASSES.index("round"), index)  # the two look the same
    train, test = split([merged == i for i in range(4)], factors)
    reading = read_factor("glasses", train, test)
    assert 0.7 < reading.score < 0.9
    assert reading.confusion is not None
    assert reading.confusion.startswith("rect and round")
    train, test = split([index == i for i in range(4)], factors)
    reading = read_factor("glasses", train, test)
    assert (reading.score, reading.confusion) == (1.0, None)


def test_a_hidden_factor_is_scored_again_where_it_can_be_seen(factors: pd.DataFrame) -> None:
    hidden = (factors["glasses"] == "sunglasses") | (factors["eyes_closed"] >= 0.5)
    noise = np.random.default_rng(2).standard_normal(len(factors))
    train, test = split([np.where(hidden, noise, factors["gaze_x"])], factors)
    reading = read_factor("gaze_x", train, test)
    assert reading.score < 0.9
    assert reading.visible == pytest.approx(1, abs=0.01)
    assert reading.visible_count == int((~hidden[TEST]).sum())


def test_the_curved_probe_reads_what_no_straight_line_reads(factors: pd.DataFrame) -> None:
    yaw = factors["yaw"].to_numpy()
    index = factors["glasses"].map(GLASSES.index).to_numpy()
    columns = np.column_stack([np.abs(yaw) > 10, yaw > 0, index % 2, index // 2, yaw**2]).astype(float)
    train, test = Labelled(columns[TRAIN], factors[TRAIN]), Labelled(columns[TEST], factors[TEST])
    scores = read_curved(train, test)
    assert scores.keys() == FACTORS.keys()
    assert scores["yaw"] > read_factor("yaw", train, test).score + 0.1
    assert scores["glasses"] == 1
    assert scores["pitch"] < 0.1


@pytest.mark.parametrize("name", VISIBLE)
def test_every_rule_names_factors_and_keeps_some_portraits_but_not_all(
    name: str, factors: pd.DataFrame
) -> None:
    assert name in FACTORS
    assert 0.1 < factors.eval(VISIBLE[name]).mean() < 0.95
