"""Random conditions for the tests of the networks and of training."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.motion.state import D
from sm_jax.types import Conditions, TextEmbedding

PEOPLE_FIRST = ("estimate", "visibility", "evidence", "camera", "placement", "error_scale", "rest_joints")


def random_conditions(batch: int = 2, frames: int = 12, seed: int = 0) -> Conditions:
    """Conditions of a batch of windows without padding, every entry random."""
    rng = np.random.default_rng(seed)
    draw = lambda *shape: jnp.asarray(rng.normal(size=shape), jnp.float32)  # noqa: E731
    return Conditions(
        estimate=draw(batch, 2, frames, D),
        visibility=jnp.asarray(rng.uniform(size=(batch, 2, frames, 24)), jnp.float32),
        evidence=draw(batch, 2, frames, 23, 4),
        camera=draw(batch, 2, frames, 9),
        placement=draw(batch, 2, frames, 3, 3),
        error_scale=draw(batch, 2),
        rest_joints=draw(batch, 2, 24, 3) * 0.2,
        text=TextEmbedding(tokens=draw(batch, 6, 384), mask=jnp.ones((batch, 6)), pooled=draw(batch, 384)),
        frame_mask=jnp.ones((batch, frames)),
    )


def swapped(conditions: Conditions) -> Conditions:
    """The same windows with the two people exchanged."""
    return dataclasses.replace(conditions, **{name: getattr(conditions, name)[:, ::-1] for name in PEOPLE_FIRST})


def awake(params, seed: int = 0):
    """Parameters with noise on top, so that zero-initialised layers take part."""
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda x: jnp.asarray(x + 0.05 * rng.normal(size=x.shape), jnp.float32), jax.device_get(params))
