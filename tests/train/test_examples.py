import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.motion.normalise import denormalise
from sm_jax.motion.state import PELVIS
from tests.train.small_run import BATCH, FRAMES, examples, observe, windows, world


def test_shapes_and_finite():
    example = examples()
    assert example.x0.shape == example.conditions.estimate.shape == (BATCH, 2, FRAMES, 151)
    assert example.rest_joints.shape == (BATCH, 2, 24, 3)
    np.testing.assert_allclose(smpl.rest_joints(world().body, example.betas), example.rest_joints, atol=1e-6)
    assert all(bool(jnp.isfinite(x).all()) for x in jax.tree.leaves(example))


def test_truth_stands_in_the_estimates_pair_frame():
    """Placement errs, so truth is not centred, but it faces the partner and stands on the floor of the estimate."""
    pelvis = denormalise(examples().x0, world().statistics)[..., PELVIS]
    estimate = denormalise(examples().conditions.estimate, world().statistics)[..., PELVIS]
    assert float(jnp.median(estimate[..., 0])) < 0.0  # each is behind the origin, in the own view
    assert float(jnp.abs(pelvis - estimate).mean()) < 1.0 and float(jnp.abs(pelvis - estimate).max()) > 1e-3


def test_an_example_follows_from_its_number_alone():
    raw = windows(0)
    turned = jax.tree.map(lambda x: x[::-1], raw)
    np.testing.assert_allclose(observe(turned).x0[::-1], examples().x0, atol=1e-6)
    other = observe(dataclasses.replace(raw, number=raw.number + 100))
    assert float(jnp.abs(other.x0 - examples().x0).max()) > 1e-3
