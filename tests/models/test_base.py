import pytest
import torch

from models.base import LatentModel, LatentSpace
from models.errors import CannotEncodeError, InputError
from models.media import Picture
from models.toys.vector import ToyModel

SPACE = LatentSpace("square", (2, 4, 4), ("channel", "row", "column"))


class Loud(LatentModel):
    """Answers in bf16, far outside [-1, 1]."""

    space = LatentSpace("loud", (3,), ("dim",))
    media = Picture(2)
    device = torch.device("cpu")
    first_layer = None

    def _encode(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3)).bfloat16()

    def _decode(self, latents: torch.Tensor) -> torch.Tensor:
        return (latents[:, :, None, None].expand(-1, 3, 2, 2) * 100).bfloat16()


def test_a_space_accepts_its_own_latents() -> None:
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        SPACE.check(torch.zeros(1, 2, 4, 4, dtype=dtype))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("latents", "found"),
    [
        (torch.zeros(1, 2, 4, 5), r"\(1, 2, 4, 5\)"),
        (torch.zeros(2, 4, 4), r"\(2, 4, 4\)"),
        (torch.zeros(0, 2, 4, 4), r"\(0, 2, 4, 4\)"),
        (torch.zeros(1, 2, 4, 4, dtype=torch.int64), "int64"),
        (torch.full((1, 2, 4, 4), float("nan")), "NaN"),
        (torch.full((1, 2, 4, 4), float("inf")), "infinity"),
        ([[0.0]], "list"),
    ],
)
def test_a_space_says_what_is_wrong_with_other_latents(latents: object, found: str) -> None:
    with pytest.raises(InputError, match=f"square latents: expected .*, got .*{found}"):
        SPACE.check(latents)  # type: ignore[arg-type]


def test_what_a_model_returns_is_float32_without_gradient() -> None:
    latents = Loud().encode(torch.ones(2, 3, 2, 2, requires_grad=True))
    assert latents.dtype == torch.float32
    assert not latents.requires_grad


def test_decoded_images_are_clamped() -> None:
    images = Loud().decode(torch.tensor([[-1.0, 0.0, 1.0]]))
    assert images[0, :, 0, 0].tolist() == [-1, 0, 1]


def test_inputs_in_half_precision_are_taken() -> None:
    model = ToyModel()
    latents = torch.linspace(-1, 1, 8)[None]
    torch.testing.assert_close(model.decode(latents.half()), model.decode(latents), atol=1e-3, rtol=0)


def test_pictures_stay_on_the_device_for_who_makes_bytes_of_them_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("models.base.check_batch", lambda *_: None)  # the meta device has no numbers
    model = ToyModel("meta")
    assert model.decode_on_device(torch.zeros(2, 8)).device.type == "meta"


def test_a_space_has_an_axis_for_every_number_of_its_shape() -> None:
    with pytest.raises(ValueError, match=r"odd: expected an axis for each of \(3, 4\)"):
        LatentSpace("odd", (3, 4), ("dim",))


def test_only_rows_and_columns_make_a_space_spatial() -> None:
    assert SPACE.is_spatial
    assert not LatentSpace("w+", (18, 512), ("layer", "dim")).is_spatial
    assert not LatentSpace("text", (8, 64), ("token", "dim")).is_spatial


def test_the_grid_is_where_tokens_stand() -> None:
    assert SPACE.grid == (4, 4)
    assert LatentSpace("text", (8, 64), ("token", "dim")).grid == (8,)


class Mute(Loud):
    """Has no encoder, and fails when it is asked to decode."""

    _encode = LatentModel._encode

    def _decode(self, latents: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("decoded for nothing")


def test_without_an_encoder_nothing_is_decoded_to_be_encoded() -> None:
    assert Loud().can_encode
    assert not Mute().can_encode
    with pytest.raises(CannotEncodeError, match="loud has no encoder: it makes its own picture"):
        Mute().reencode(torch.zeros(1, 3))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_decode_that_is_not_finite_is_refused_and_not_shown_as_black(value: float) -> None:
    class Overflowing(ToyModel):
        def _decode(self, latents: torch.Tensor) -> torch.Tensor:
            values = super()._decode(latents)
            values[:, 0, 3, 3] = value
            return values

    message = "what toy decodes so far out: expected finite values, got NaN or infinity"
    with pytest.raises(InputError, match=message):
        Overflowing().decode(torch.ones(1, 8))
