import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body.io import load_body
from sm_jax.motion import normalise, state, windows
from sm_jax.motion.resample import resample
from sm_jax.sampling import clip_windows
from sm_jax.sampling.clip_windows import make_clip_windows
from sm_jax.sampling.inputs import make_sampling_inputs
from sm_jax.text.contacts import contact_targets
from sm_jax.types import TextEmbedding
from tests.motion.motions import front_camera, observe, random_motion

FRAMES = windows.padded_frames(2)
STATISTICS = normalise.Statistics(mean=np.full(state.D, 0.1, np.float32), std=np.full(state.D, 0.3, np.float32))
TEXT = TextEmbedding(tokens=jnp.zeros((32, 384)), mask=jnp.ones(32), pooled=jnp.zeros(384))
NOTHING = np.zeros((2, windows.OVERLAP, state.D), np.float32)


@pytest.fixture(scope="module")
def task():
    motion = resample(random_motion(frames=4), jnp.linspace(0.0, 3.0, FRAMES))
    seen = observe(motion, front_camera(FRAMES), np.full((2, FRAMES, 23, 2), 300.0, np.float32))
    return make_sampling_inputs(seen, contact_targets((), FRAMES), TEXT, jax.random.key(0))


def windowed(task):
    return jax.jit(make_clip_windows)(task, load_body("open-low"), STATISTICS)


def test_the_windows_of_an_estimate_are_that_estimate(task):
    cut = windowed(task)
    x = cut.conditions.estimate
    assert x.shape == (2, 2, windows.LENGTH, state.D)
    motion = state.to_motion(cut.to_clip(x, NOTHING), cut.estimate.betas)
    np.testing.assert_allclose(motion.pelvis, task.observation.motion.pelvis, atol=1e-4)
    np.testing.assert_allclose(motion.body_pose, task.observation.motion.body_pose, atol=1e-4)


def test_windows_agree_where_they_overlap(task):
    cut = windowed(task)
    apart = cut.conditions.estimate + 0.1 * jax.random.normal(jax.random.key(1), cut.conditions.estimate.shape)
    agreed = cut.synchronise(apart, NOTHING)
    assert float(jnp.abs(agreed - apart).max()) > 0.05
    again = clip_windows.to_windows(cut.to_clip(agreed, NOTHING), cut.frames, cut.statistics)
    np.testing.assert_allclose(again, agreed, atol=1e-4)


def test_who_is_seen_stands_where_the_estimate_says(task):
    """Whatever the windows say of it."""
    cut = windowed(task)
    start = cut.to_clip(cut.conditions.estimate, NOTHING)
    habit = cut.conditions.estimate.at[..., state.PELVIS].add(1.0)
    placed = cut.to_clip(cut.synchronise(habit, NOTHING), NOTHING)
    moved, kept = (np.abs(x - start)[..., state.PELVIS].max() for x in (cut.to_clip(habit, NOTHING), placed))
    assert moved > 0.29 and kept < 0.01


def test_the_networks_see_no_padding(task):
    part = dataclasses.replace(task.observation, frame_mask=(np.arange(FRAMES) < 50).astype(np.float32))
    short = dataclasses.replace(task, observation=part)
    assert (windowed(short).conditions.frame_mask == 1).all()


def test_a_beginning_is_held(task):
    weight = np.linspace(1.0, 0.0, windows.OVERLAP).astype(np.float32)
    cut = windowed(dataclasses.replace(task, overlap_weight=weight))
    free, fixed = (cut.to_clip(cut.conditions.estimate, NOTHING + x) for x in (0.0, 5.0))
    np.testing.assert_allclose(fixed[:, 0], 5.0, atol=1e-5)
    np.testing.assert_allclose((fixed - free)[0, : windows.OVERLAP, 0], 5.0 * weight, atol=1e-4)
    np.testing.assert_array_equal(fixed[:, windows.OVERLAP :], free[:, windows.OVERLAP :])
