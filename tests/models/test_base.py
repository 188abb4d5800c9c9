import pytest
import torch

from models.base import LatentModel, LatentSpace
from models.toy import ToyModel

SPACE = LatentSpace("square", shape=(2, 4, 4), image_size=32, prior="none")


class Loud(LatentModel):
    """Answers in bf16, far outside [-1, 1]."""

    space = LatentSpace("loud", shape=(3,), image_size=2, prior="normal")
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
    with pytest.raises(ValueError, match=f"square latents: expected .*, got .*{found}"):
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


def test_pictures_stay_on_the_device_for_who_makes_bytes_of_them_there() -> None:
    model = ToyModel("meta")
    assert model.decode_on_device(torch.zeros(2, 8)).device.type == "meta"
