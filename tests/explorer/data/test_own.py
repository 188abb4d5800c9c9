from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from explorer.data import MINE, OwnPoints, Point, UnknownPointError
from explorer.data.keep import AROUND
from models.base import LatentSpace
from models.errors import InputError

TOY, OTHER = (LatentSpace(name, (8,), ("dim",)) for name in ("toy", "other"))
PLACE = np.array([1, 2], np.float32)


def test_a_latent_becomes_a_point_that_cannot_be_guessed() -> None:
    points = OwnPoints()
    made = [
        points.add(TOY, torch.full((8,), float(n)), "portraits", PLACE, "ann", {"psnr": n}) for n in range(5)
    ]
    assert len(set(made)) == 5
    for number, point in enumerate(made):
        assert point.dataset == MINE
        assert point.is_own
        assert Point.of(str(point)) == point
        own = points.get(point, "toy")
        assert (float(own.latent[0]), own.card) == (number, {"psnr": number})
        np.testing.assert_array_equal(own.position, PLACE)
        assert own.dataset == "portraits"
    assert list(points.of("ann", "toy")) == made
    assert points.of("ben", "toy") == {}


def test_whoever_knows_a_point_may_use_it() -> None:
    points = OwnPoints()
    point = points.add(TOY, torch.ones(8), "portraits", None, "ann")
    assert points.get(point, "toy").position is None


def test_an_unknown_point_is_named() -> None:
    with pytest.raises(UnknownPointError, match=r"mine/0+ is unknown or no longer kept: open the picture"):
        OwnPoints().get(Point(dataset=MINE, key="0" * 32), "toy")


def test_a_point_of_another_model_says_of_which() -> None:
    """With the same shape: nothing else would tell."""
    points = OwnPoints()
    point = points.add(TOY, torch.ones(8), "portraits", None, "ann")
    with pytest.raises(UnknownPointError, match="belongs to toy: its latent means nothing to other"):
        points.get(point, "other")
    assert points.of("ann", "other") == {}


def test_a_point_takes_what_its_latent_and_its_pictures_do() -> None:
    points = OwnPoints()
    large = points.get(
        points.add(TOY, torch.ones(8), "portraits", None, "ann", {"original": "x" * 10_000}), "toy"
    )
    small = points.get(points.add(TOY, torch.ones(5, 8)[0], "portraits", None, "ann"), "toy")
    assert large.nbytes - small.nbytes > 9_000
    assert small.nbytes >= 5 * 8 * 4, "what a latent was cut from is held by it"


def test_one_persons_many_points_do_not_drop_anothers(monkeypatch: pytest.MonkeyPatch) -> None:
    points = OwnPoints()
    bens = points.add(TOY, torch.ones(8), "portraits", None, "ben")
    monkeypatch.setattr(points._points, "_each", 256 * (AROUND + 8 * 4 + len("{}")))
    anns = [points.add(TOY, torch.zeros(8), "portraits", None, "ann") for _ in range(300)]
    assert points.get(bens, "toy").latent.sum() == 8
    assert list(points.of("ann", "toy")) == anns[-256:]
    with pytest.raises(UnknownPointError, match="no longer kept"):
        points.get(anns[0], "toy")


def test_points_from_many_threads_are_all_kept() -> None:
    points = OwnPoints()
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(
                lambda n: points.add(TOY, torch.full((8,), float(n)), "portraits", None, "ann"), range(200)
            )
        )
    assert [float(points.get(point, "toy").latent[0]) for point in made] == list(range(200))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("latent", "message"),
    [
        (torch.zeros(7), r"expected shape \(n, 8\), got \(1, 7\)"),
        (torch.full((8,), float("nan")), "expected finite values, got NaN or infinity"),
    ],
)
def test_what_is_no_latent_of_the_model_is_refused(latent: torch.Tensor, message: str) -> None:
    with pytest.raises(InputError, match=message):
        OwnPoints().add(TOY, latent, "portraits", None, "ann")
