"""What each toy is a toy of; what it owes as a model is the contract's matter."""

import pytest
import torch

import models
from models.toys.words import VOCABULARY


@pytest.mark.parametrize("name", ["toy", "toy-spatial", "toy-layers", "toy-sound"])
def test_these_have_an_exact_inverse(name: str) -> None:
    model = models.load(name)
    latents = model.space.prior.sample(16, seed=1)
    torch.testing.assert_close(model.reencode(latents), latents, atol=1e-4, rtol=1e-4)


def test_a_place_of_the_spatial_latent_changes_that_place_most() -> None:
    model = models.load("toy-spatial")
    latents = torch.zeros(2, *model.space.shape)
    latents[1, :, 2, 5] = 1
    before, after = model.decode(latents)
    row, column = divmod(int((after - before).abs().sum(0).argmax()), model.media.size)
    side = model.media.size // 8
    assert (row // side, column // side) == (2, 5)


def test_deeper_layers_are_finer_and_weaker() -> None:
    model = models.load("toy-layers")
    layers, _ = model.space.shape
    latents = torch.zeros(layers + 1, *model.space.shape)
    latents[range(layers), range(layers)] = 1
    pictures = model.decode(latents)
    change = pictures[:-1] - pictures[-1]
    strength = change.square().mean((1, 2, 3)).sqrt()
    roughness = change.diff(dim=2).square().mean((1, 2, 3)).sqrt() / strength
    assert (strength.diff() < 0).all()
    assert (roughness.diff() > 0).all()


def test_latents_near_a_token_decode_as_the_token() -> None:
    model = models.load("toy-tokens")
    tokens = torch.arange(64).reshape(1, 8, 8) % model.codebook_size
    latents = model.embed(tokens)
    assert torch.equal(model.decode(latents + 0.01), model.decode(latents))
    torch.testing.assert_close(model.reencode(latents), latents)


def test_a_sentence_keeps_its_words_in_place_and_any_order_is_read() -> None:
    model = models.load("toy-words")
    said = model.media.text(model.media.quantise(model.decode(torch.zeros(1, 7)))[0].numpy())
    assert said.split()[0] == "a"
    heard = [
        model.media.restore(model.media.unpack(text).value[None])
        for text in (b"huge red star", b"star red huge")
    ]
    assert torch.equal(*(model.encode(ids) for ids in heard))
    text = model.media.quantise(model.decode(model.encode(heard[0])))[0].numpy()
    assert {"huge", "red", "star"} < set(model.media.text(text).split()) < set(VOCABULARY)


def test_the_words_of_a_pair_are_those_of_the_toy_of_words() -> None:
    pair, words = models.load("toy-pair"), models.load("toy-words")
    latents = pair.space.prior.sample(20, seed=0)
    assert torch.equal(pair.media.part(pair.decode(latents))[1], words.decode(latents))
