"""One step of training: the optimiser, its rate, and what the loss weighs."""

from __future__ import annotations

import math

import torch

from models.faces.training.losses import Losses, pixel_weights, vae_loss
from models.faces.training.trainer_state import Learner, TrainerState
from models.faces.training.trainset import Batch
from models.faces.training.warm_start import to_images
from models.faces.world.labels import readout_loss

LEARNING_RATE = 1e-3
# The linear encoder stays the whitened principal components of thumbnails: its 3,072 inputs make Adam's steps
# on it too coarse. Dense maps next to the latent take smaller steps for the same reason.
SLOW = 0.6
WARM_UP_STEPS = 150
# Weight of the KL in nats an image. At the warm start it leaves every one of the 128 components alive; a
# larger one would blur the weaker ones away, a smaller one would leave holes in the prior.
BETA = 2e-5
# Weight of a label's squared error, in variances. Storing a factor to 5 % costs 1.5 nats, 3e-5 in the loss;
# it is enough to be worth it for parts of a few pixels, and lays factors along straight lines of the latent.
LABELS = 5e-4
EMA_DECAY = 0.998


def learning_rate(step: int, done: float) -> float:
    """Share of the peak rate: linear warm-up by steps, cosine to zero over the budget (`done` in [0, 1])."""
    return min(1.0, (step + 1) / WARM_UP_STEPS) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def build_optimizer(learner: Learner) -> torch.optim.AdamW:
    """AdamW: convolutions at full rate, dense maps at the latent slower, the linear encoder fixed."""
    learner.network.encoder.linear.requires_grad_(False)
    at_latent = ("network.encoder.posterior", "network.decoder.linear")
    named = [(name, p) for name, p in learner.named_parameters() if p.requires_grad]
    slow = [p for name, p in named if name.startswith(at_latent)]
    fast = [p for name, p in named if not name.startswith(at_latent)]
    groups = [{"params": fast, "scale": 1.0}, {"params": slow, "scale": SLOW}]
    return torch.optim.AdamW(groups, LEARNING_RATE, betas=(0.9, 0.99), weight_decay=1e-3)


def train_step(state: TrainerState, batch: Batch, done: float) -> Losses:
    """One optimiser step; `done` is the fraction of the budget spent."""
    network, readout = state.learner.network, state.learner.readout
    device = next(network.parameters()).device
    images = to_images(batch.pixels, device)
    weights = pixel_weights(torch.tensor(batch.parts, device=device))
    for group in state.optimizer.param_groups:
        group["lr"] = LEARNING_RATE * group["scale"] * learning_rate(state.step, done)
    with torch.autocast(device.type, torch.bfloat16):
        mean, log_variance = network.encoder(images)
        latents = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        output = network.decoder(latents)
    losses = vae_loss(output.float(), images, weights, mean, log_variance, BETA)
    total = losses.total
    if readout is not None:
        total = total + LABELS * readout_loss(readout, latents, torch.tensor(batch.labels, device=device))
    state.optimizer.zero_grad()
    total.backward()
    torch.nn.utils.clip_grad_norm_(state.learner.parameters(), 1.0)
    state.optimizer.step()
    state.step += 1
    state.update_average(min(EMA_DECAY, (1 + state.step) / (10 + state.step)))
    return losses
