from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from models.faces.training.trainset import PlainPictures
from models.faces.world.factors import FACTORS, factors_at
from models.faces.world.labels import EMPHASIS, READABLE, columns, label_columns, readout_loss


@pytest.fixture(scope="module")
def factors() -> pd.DataFrame:
    return pd.DataFrame([factors_at(0, index).to_dict() for index in range(400)])


def test_every_readable_label_is_a_factor() -> None:
    assert set(READABLE) <= set(FACTORS)
    assert len(set(READABLE)) == len(READABLE)


def test_a_number_is_one_column_and_a_class_one_for_each_value(factors: pd.DataFrame) -> None:
    np.testing.assert_array_equal(columns("age", factors)[:, 0], factors["age"])
    glasses = columns("glasses", factors)
    classes = np.array(FACTORS["glasses"].classes)
    assert glasses.shape == (400, len(classes))
    np.testing.assert_array_equal(classes[glasses.argmax(1)], factors["glasses"])
    np.testing.assert_array_equal(glasses.sum(1), 1)


def test_labels_are_standardised(factors: pd.DataFrame) -> None:
    labels = label_columns(factors)
    assert labels.dtype == np.float32
    assert labels.shape == (400, sum(len(FACTORS[name].classes) or 1 for name in READABLE))
    np.testing.assert_allclose(labels.mean(0), 0, atol=1e-5)
    emphasis = np.hstack([[EMPHASIS.get(name, 1)] * (len(FACTORS[name].classes) or 1) for name in READABLE])
    np.testing.assert_allclose(labels.std(0), emphasis, rtol=1e-4)


def test_a_label_that_does_not_vary_becomes_zeros(factors: pd.DataFrame) -> None:
    labels = label_columns(factors.iloc[:1])
    assert np.isfinite(labels).all()
    assert not labels.any()


def test_plain_pictures_have_no_labels() -> None:
    assert PlainPictures(np.zeros((3, 8, 8, 3), np.uint8)).labels().shape == (3, 0)


def test_the_readout_loss_is_the_squared_error_a_picture() -> None:
    readout = nn.Linear(3, 2)
    with torch.no_grad():
        readout.weight.copy_(torch.tensor([[1.0, 0, 0], [0, 2, 0]]))
        readout.bias.zero_()
    latents = torch.tensor([[1.0, 1, 9], [0, 0, 9]])
    labels = torch.tensor([[0.0, 2], [0, 3]])
    assert readout_loss(readout, latents, labels).item() == pytest.approx((1 + 9) / 2)
