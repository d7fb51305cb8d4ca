"""One denoising step with and without guidance: network and agreement of the windows, and the same with the descent."""

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from sm_jax import sampling
from sm_jax.body import smpl
from sm_jax.diffusion import guidance
from sm_jax.energies.combine import energy
from sm_jax.motion import clip, state
from sm_jax.motion.fill import fill_hidden
from sm_jax.motion.pair_frame import PairFrame
from sm_jax.sampling import Models, Settings
from sm_jax.tasks import Task, evidence_of
from sm_jax.types import Array, Conditions, Motion

Prepared = tuple[Motion, Conditions, PairFrame]
T = 1  # at low noise the energies guide, wherever they begin to


def ways(models: Models, body: smpl.Body, task: Task, settings: Settings) -> dict[str, Callable[[], Any]]:
    """Steps and whole calls by name, plain and guided; each returns when it is done."""
    weights = jax.device_put(settings.weights.active())
    given = (*jax.device_put((models, body, task)), weights, prepare(models, body, task))
    same = dataclasses.replace(settings, weights=sampling.UNWEIGHTED)
    plain = dataclasses.replace(settings, guided_from=0)
    functions = {
        "step": partial(denoise, *given, dataclasses.replace(same, guided_from=0)),
        "guided step": partial(denoise, *given, same),
        "call": partial(sampling.sample, *given[:3], plain),
        "guided call": partial(sampling.sample, *given[:3], settings),
    }
    return {name: lambda f=f: jax.block_until_ready(f()) for name, f in functions.items()}


@jax.jit
def prepare(models: Models, body: smpl.Body, task: Task) -> Prepared:
    """What a call works out once: the gap-filled estimate, the windows' conditions and pair frames."""
    seen, mask = task.observation, task.frame_mask
    conditions = sampling._window_conditions(models, body, seen, mask, task.text, task.noise.shape[1])
    return fill_hidden(seen.motion, seen.visibility, mask), *conditions


@partial(jax.jit, static_argnames="settings")
def denoise(
    models: Models,
    body: smpl.Body,
    task: Task,
    weights: Mapping[str, Array | float],
    prepared: Prepared,
    settings: Settings,
) -> jax.Array:
    """Windows [W, P, LENGTH, D] predicted from noise, as in `sampling.compiled`."""
    estimate, conditions, frames = prepared
    evidence = evidence_of(task, estimate)

    def to_clip(x: jax.Array) -> jax.Array:
        return clip.from_windows(x, frames, estimate.betas, models.statistics)

    def agree(x: jax.Array) -> jax.Array:
        return clip.to_windows(to_clip(x), frames, estimate.betas, models.statistics)

    def cost(x: jax.Array) -> jax.Array:
        motion, contact = state.unpack(to_clip(x), estimate.betas)
        return energy(body, motion, jax.lax.stop_gradient(jnp.clip(contact, 0.0, 1.0)), evidence, weights)[0]

    denoiser = guidance.transform(sampling._infiller(models, conditions, settings.text_scale), agree)
    if settings.guided_from > 0:
        (rule, clamp), n = sampling._descent_rule(models.statistics, settings), settings.descent
        denoiser = guidance.gradient(
            denoiser, cost, rule, steps=n, polish=n, start=settings.guided_from, last=0, clamp=clamp
        )
    return denoiser(jnp.asarray(task.noise)[0], jnp.full(task.noise.shape[1:2], T))
