"""A training of seconds, on random motions and without the text encoder."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
from scipy.spatial.transform import Rotation

from configs import tiny
from sm_jax.body.io import load_body
from sm_jax.data.augment import source_frames
from sm_jax.data.codec import ROTATION_UNIT
from sm_jax.diffusion.schedule import cosine
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.state import D
from sm_jax.text.contacts import CAPACITY
from sm_jax.train import parallel
from sm_jax.train.examples import Example, RawBatch, TrainContext, make_examples
from sm_jax.types import ContactTargets, TextEmbedding
from tests.motion.motions import random_motion

CONFIG = dataclasses.replace(tiny.INFILLER, steps=4)
FRAMES, BATCH = CONFIG.data.frames, CONFIG.data.batch


@functools.cache
def world() -> TrainContext:
    statistics = Statistics(mean=np.zeros(D, np.float32), std=np.full(D, 0.5, np.float32))
    key = jax.random.key(0)
    return TrainContext(key=key, body=load_body(), statistics=statistics, alpha_bar=jnp.asarray(cosine()))


def windows(position: int) -> RawBatch:
    """Batch `position` of random motions with random texts."""
    rng = np.random.default_rng(position)
    motions = [random_motion(int(rng.integers(1 << 30)), source_frames(FRAMES)) for _ in range(BATCH)]
    R = np.stack([np.concatenate([m.global_orient[:, :, None], m.body_pose], axis=2) for m in motions])
    axis_angle = Rotation.from_matrix(R.reshape(-1, 3, 3)).as_rotvec().reshape(R.shape[:-1])
    masks = np.eye(CAPACITY, 22, dtype=np.float32)[None].repeat(BATCH, axis=0)
    frames = source_frames(FRAMES)
    return RawBatch(
        rotations=np.round(axis_angle / ROTATION_UNIT).astype(np.int16),
        pelvis=np.stack([m.pelvis for m in motions]).astype(np.float32),
        betas=np.stack([m.betas for m in motions]).astype(np.float32),
        present=np.ones((BATCH, 2), np.float32),
        contacts=ContactTargets(mask_a=masks, mask_b=masks, weight=np.ones((BATCH, CAPACITY, frames), np.float32)),
        mirrored=rng.random(BATCH) < 0.5,
        exchanged=rng.random(BATCH) < 0.5,
        placed=np.zeros(BATCH, bool),
        mixed=np.zeros(BATCH, bool),
        text=TextEmbedding(
            tokens=rng.normal(size=(BATCH, 32, 384)).astype(np.float32),
            mask=np.ones((BATCH, 32), np.float32),
            pooled=rng.normal(size=(BATCH, 384)).astype(np.float32),
        ),
        number=(position * BATCH + np.arange(BATCH)).astype(np.int32),
    )


def make(world: TrainContext, raw: RawBatch) -> Example:
    return make_examples(world, raw, CONFIG.data, CONFIG.simulator)


OBSERVE = parallel.parallelise_examples(make)  # compiled once for all tests of the folder


def observe(raw: RawBatch) -> Example:
    """The examples of a raw batch."""
    return jax.tree.map(jnp.asarray, parallel.join(OBSERVE(parallel.replicate(world()), parallel.split(raw))))


@functools.cache
def examples(position: int = 0) -> Example:
    return observe(windows(position))
