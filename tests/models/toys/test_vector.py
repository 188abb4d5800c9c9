import torch
from hypothesis import given
from hypothesis import strategies as st

from models.toys.vector import SAFE_NORM, ToyModel


@given(st.lists(st.floats(-1, 1, width=32), min_size=8, max_size=8), st.floats(0, SAFE_NORM))
def test_encode_inverts_decode(direction: list[float], norm: float) -> None:
    model = ToyModel()
    latents = torch.nn.functional.normalize(torch.tensor([direction]), dim=1) * norm
    torch.testing.assert_close(model.encode(model.decode(latents)), latents, atol=1e-5, rtol=1e-5)


def test_no_safe_latent_is_clamped_and_the_bound_is_reached() -> None:
    model = ToyModel()
    rows = torch.stack([model.decode(axis[None] * 1e-3).flatten() for axis in torch.eye(8)], dim=1) * 1e3
    farthest = torch.nn.functional.normalize(rows[rows.norm(dim=1).argmax()], dim=0) * SAFE_NORM
    assert abs(model.decode(farthest[None]).abs().max() - 1) < 1e-5


def test_decode_is_linear() -> None:
    model, (a, b) = ToyModel(), torch.randn(2, 8, generator=torch.Generator().manual_seed(1))
    halfway = model.decode((a + b)[None] / 2)
    torch.testing.assert_close(halfway, (model.decode(a[None]) + model.decode(b[None])) / 2)


def test_the_first_layer_is_the_whole_decoder() -> None:
    model = ToyModel()
    torch.testing.assert_close(model.decode(torch.eye(8)).flatten(1).T, model.first_layer)


def test_every_process_has_the_same_model() -> None:
    torch.manual_seed(1)
    first = ToyModel().decode(torch.ones(1, 8))
    torch.manual_seed(2)
    assert torch.equal(ToyModel().decode(torch.ones(1, 8)), first)


def test_encode_of_any_image_is_its_least_squares_latent() -> None:
    model = ToyModel()
    image = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(3)) * 2 - 1
    basis = model.decode(torch.eye(8)).flatten(1).T
    nearest = torch.linalg.lstsq(basis, image.flatten()[:, None]).solution.T
    torch.testing.assert_close(model.encode(image), nearest)
