from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import models.faces
from models.faces.world.factors import FACTORS, Factors, factors_at, sample_factors


@pytest.fixture(scope="module")
def drawn() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame([sample_factors(rng).to_dict() for _ in range(3000)])


def test_the_table_documents_every_field_of_the_record() -> None:
    assert list(FACTORS) == [item.name for item in fields(Factors)]
    for factor in FACTORS.values():
        assert factor.meaning
        assert factor.unit
        assert str(factor.distribution)
        assert bool(factor.classes) != (factor.low < factor.high)


def test_a_portrait_depends_on_seed_and_index_alone() -> None:
    assert factors_at(3, 17) == factors_at(3, 17)
    assert factors_at(3, 17) != factors_at(3, 18)
    assert factors_at(3, 17) != factors_at(4, 17)


def test_no_factor_tells_of_another(drawn: pd.DataFrame) -> None:
    codes = drawn.apply(
        lambda column: column if column.dtype == float else pd.factorize(column, sort=True)[0]
    )
    correlation = codes.corr().to_numpy() - np.eye(len(FACTORS))
    # 1,128 pairs of 3,000 draws: chance alone stays below 4.5 standard errors.
    assert np.abs(correlation).max() < 4.5 / np.sqrt(len(drawn))


@pytest.mark.parametrize(
    ("name", "share"),
    [("mouth_open", 0.4), ("eyes_closed", 0.75), ("hair_grey", 0.5), ("beard", 0.6), ("lipstick", 0.5)],
)
def test_the_documented_share_of_zeros(drawn: pd.DataFrame, name: str, share: float) -> None:
    assert (drawn[name] == 0).mean() == pytest.approx(share, abs=0.04)


def test_classes_come_as_often_as_documented(drawn: pd.DataFrame) -> None:
    glasses = drawn["glasses"].value_counts(normalize=True)
    assert glasses["none"] == pytest.approx(0.4, abs=0.04)
    assert glasses.drop("none").to_numpy() == pytest.approx(0.2, abs=0.04)
    assert drawn["hair_style"].value_counts(normalize=True).to_numpy() == pytest.approx(1 / 14, abs=0.02)


def test_a_flat_record_gives_the_same_portrait() -> None:
    factors = factors_at(1, 2)
    assert Factors.from_dict(factors.to_dict()) == factors
    row = pd.DataFrame([factors.to_dict()]).iloc[0].to_dict()
    assert Factors.from_dict(row) == factors


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1.01, -1.01, "0.5", None, True])
def test_a_bad_number_is_named_with_what_was_expected(plain: Factors, value: object, unchecked: None) -> None:
    with pytest.raises(ValueError, match=r"factor smile: expected a number in \[-1, 1\]; got") as caught:
        replace(plain, smile=value)
    assert repr(value) in str(caught.value)


def test_an_unknown_class_is_named_with_the_known_ones(plain: Factors) -> None:
    with pytest.raises(
        ValueError, match="factor glasses: expected one of none, round, rect, sunglasses; got 'oval'"
    ):
        replace(plain, glasses="oval")


def test_a_record_with_other_names_is_refused(plain: Factors) -> None:
    record = plain.to_dict()
    with pytest.raises(ValueError, match="unknown=\\['wings'\\], missing=\\[\\]"):
        Factors.from_dict(record | {"wings": 1.0})
    del record["age"]
    with pytest.raises(ValueError, match="unknown=\\[\\], missing=\\['age'\\]"):
        Factors.from_dict(record)


def test_the_data_card_states_every_distribution() -> None:
    card = (Path(models.faces.__file__).parent / "DATA_CARD.md").read_text()
    for name, factor in FACTORS.items():
        assert f"| `{name}` | {factor.unit} |" in card
        row = next(line for line in card.splitlines() if line.startswith(f"| `{name}` |"))
        assert f"| {factor.distribution} | {factor.meaning} |" in row
