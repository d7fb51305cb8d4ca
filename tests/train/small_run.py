"""A training of seconds, on random motions and without the text encoder."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from configs import tiny
from sm_jax.body.assets import load_body
from sm_jax.data.augment import source_frames
from sm_jax.diffusion.schedule import cosine
from sm_jax.motion.conditions import TextEmbedding
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.state import D
from sm_jax.train import parallel
from sm_jax.train.examples import Example, Windows, World, make_examples
from tests.motion.motions import random_motion

CONFIG = dataclasses.replace(tiny.INFILLER, steps=4)
FRAMES, BATCH = CONFIG.data.frames, CONFIG.data.batch


@functools.cache
def world() -> World:
    statistics = Statistics(mean=np.zeros(D, np.float32), std=np.full(D, 0.5, np.float32))
    key = jax.random.key(0)
    return World(key=key, body=load_body(), statistics=statistics, alpha_bar=jnp.asarray(cosine()))


def windows(position: int) -> Windows:
    """Batch `position` of random motions with random texts."""
    rng = np.random.default_rng(position)
    motions = [random_motion(int(rng.integers(1 << 30)), source_frames(FRAMES)) for _ in range(BATCH)]
    return Windows(
        motion=jax.tree.map(lambda *x: np.stack(x), *motions),
        text=TextEmbedding(
            tokens=rng.normal(size=(BATCH, 32, 384)).astype(np.float32),
            mask=np.ones((BATCH, 32), np.float32),
            pooled=rng.normal(size=(BATCH, 384)).astype(np.float32),
        ),
        number=(position * BATCH + np.arange(BATCH)).astype(np.int32),
    )


def make(world: World, raw: Windows) -> Example:
    return make_examples(world, raw, FRAMES)


OBSERVE = parallel.parallelise_examples(make)  # compiled once for all tests of the folder


def observe(raw: Windows) -> Example:
    """The examples of a raw batch."""
    return jax.tree.map(jnp.asarray, parallel.join(OBSERVE(parallel.replicate(world()), parallel.split(raw))))


@functools.cache
def examples(position: int = 0) -> Example:
    return observe(windows(position))
