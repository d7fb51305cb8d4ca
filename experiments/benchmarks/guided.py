"""One denoising step with and without guidance: network and agreement of the windows, and the same with the descent."""

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from sm_jax import sampling
from sm_jax.body import smpl
from sm_jax.sampling import Models, Settings
from sm_jax.tasks import Task
from sm_jax.types import Array
from sm_jax.windowed import Windowed, make_windowed

T = 1  # at low noise the energies guide, wherever they begin to


def ways(models: Models, body: smpl.Body, task: Task, settings: Settings) -> dict[str, Callable[[], Any]]:
    """Steps and whole calls by name, plain and guided; each returns when it is done."""
    given = jax.device_put((models, body, task))
    weights = jax.device_put(settings.weights.active())
    once = (*given, weights, jax.jit(make_windowed)(given[2], given[1], models.statistics))
    same = dataclasses.replace(settings, weights=sampling.UNWEIGHTED)
    plain = dataclasses.replace(settings, guided_from=0)
    functions = {
        "step": partial(denoise, *once, dataclasses.replace(same, guided_from=0)),
        "guided step": partial(denoise, *once, same),
        "call": partial(sampling.sample, *given, plain),
        "guided call": partial(sampling.sample, *given, settings),
    }
    return {name: lambda f=f: jax.block_until_ready(f()) for name, f in functions.items()}


@partial(jax.jit, static_argnames="settings")
def denoise(
    models: Models,
    body: smpl.Body,
    task: Task,
    weights: Mapping[str, Array | float],
    windowed: Windowed,
    settings: Settings,
) -> jax.Array:
    """Windows [W, P, LENGTH, D] predicted from noise, as in every step of `sampling.compiled`."""
    held = jnp.asarray(task.held)[0]

    def window_energy(x: jax.Array) -> jax.Array:
        return sampling.clip_energies(body, task, windowed.estimate, weights, windowed.to_clip(x, held))[0]

    denoiser = sampling.denoiser(models, windowed, held, window_energy, settings)
    return denoiser(jnp.asarray(task.noise)[0], jnp.full(task.noise.shape[1:2], T))
