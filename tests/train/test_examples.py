import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.motion.normalise import denormalise
from sm_jax.motion.state import PELVIS
from sm_jax.train.examples import arrange
from tests.motion.motions import random_motion
from tests.train.small_run import BATCH, FRAMES, examples, observe, windows, world


def test_shapes_and_finite():
    example = examples()
    assert example.x0.shape == example.conditions.estimate.shape == (BATCH, 2, FRAMES, 151)
    assert example.rest_joints.shape == (BATCH, 2, 24, 3)
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


def test_people_are_arranged_only_where_it_is_asked_for():
    motion, body = random_motion(frames=8), world().body
    run = jax.jit(jax.vmap(arrange, (None, None, 0, 0, None)))
    made = jax.device_get(run(jax.random.key(0), motion, np.array([0, 1, 1]) > 0, np.array([0, 0, 1]) > 0, body))
    as_it_was = [np.allclose(x, y, atol=1e-6) for name in ("body_pose", "pelvis", "global_orient") for x, y in
                 [(getattr(made, name)[0], getattr(motion, name))]]  # fmt: skip
    assert all(as_it_was)
    np.testing.assert_allclose(made.body_pose[1], motion.body_pose, atol=1e-6)
    assert np.abs(made.body_pose[2] - motion.body_pose).max() > 0.1
    gap = np.linalg.norm(made.pelvis[:, 0, :, :2] - made.pelvis[:, 1, :, :2], axis=-1).min(axis=1)
    assert gap[1:].min() > 0.45 and np.abs(gap[1:] - gap[0]).max() > 0.05
