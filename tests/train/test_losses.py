import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.motion import pair_frame, state
from sm_jax.motion.normalise import normalise
from sm_jax.train.config import LossConfig
from sm_jax.train.losses import joints, losses, uncertainty_term
from tests.motion.motions import random_motion
from tests.train.small_run import BATCH, examples, world

ONES = jnp.ones(BATCH)
RUN = jax.jit(lambda x0, example, low: losses(x0, example, world().statistics, LossConfig(), ONES, low)[1])


def truth() -> jax.Array:
    return jnp.asarray(examples().x0)


def test_zero_at_the_truth_except_skating():
    report = RUN(examples().x0, examples(), ONES)
    for name, value in report.items():
        assert name == "skating" or float(value) < 1e-9, name


@pytest.mark.parametrize("part", ["orient", "pose", "pelvis", "foot_contact"])
def test_each_part_of_the_state_has_its_term(part):
    moved = truth().at[..., state.STATE[part]].add(0.1)
    report = RUN(moved, examples(), ONES)
    assert float(report[part]) > 0.005
    assert all(float(report[other]) < 1e-9 for other in state.STATE if other != part)


def test_a_shift_of_one_person_moves_the_distance_map_and_not_the_own_joints():
    report = RUN(truth().at[:, 0, :, state.PELVIS].add(0.5), examples(), ONES)
    assert float(report["distance_map"]) > 0.01
    assert float(report["joints"]) < 1e-6 and float(report["velocity"]) < 1e-6


def test_terms_on_joints_only_at_low_noise():
    moved = examples().x0 + 0.1
    report = RUN(moved, examples(), 0.0 * ONES)
    assert float(report["joints"]) == float(report["velocity"]) == float(report["distance_map"]) == 0.0
    assert float(report["pose"]) > 0.0


def test_hidden_features_weigh_more():
    moved = examples().x0 + 0.1
    seen, hidden = (
        dataclasses.replace(
            examples(),
            conditions=dataclasses.replace(
                examples().conditions, visibility=jnp.full_like(examples().conditions.visibility, visible)
            ),
        )
        for visible in (1.0, 0.0)
    )
    np.testing.assert_allclose(RUN(moved, hidden, ONES)["pose"], 2.0 * RUN(moved, seen, ONES)["pose"], rtol=1e-5)


def test_padding_counts_nowhere():
    conditions = examples().conditions
    cut = dataclasses.replace(conditions, frame_mask=jnp.asarray(conditions.frame_mask).at[:, 10:].set(0.0))
    padded = dataclasses.replace(examples(), conditions=cut)
    near, far = examples().x0 + 0.1, (truth() + 0.1).at[:, :, 10:].add(3.0)
    for name, value in RUN(near, padded, ONES).items():
        np.testing.assert_allclose(RUN(far, padded, ONES)[name], value, rtol=1e-4, err_msg=name)


@jax.jit
def placed_by_state_and_by_motion(motion, body, statistics):
    frame = pair_frame.PairFrame(R_pair_world=jnp.eye(3), origin=jnp.zeros(3))
    packed = state.pack(pair_frame.to_pair(motion, frame), jnp.zeros((2, 5, 4)))
    x0 = normalise(packed, statistics)[None]
    placed, _ = joints(x0, smpl.rest_joints(body, motion.betas)[None], statistics)
    return placed[0], smpl.pose(body, motion).joints


def test_joints_are_the_bodys_in_a_common_view():
    placed, expected = placed_by_state_and_by_motion(random_motion(3, frames=5), world().body, world().statistics)
    np.testing.assert_allclose(placed, expected, atol=1e-5)


def test_gradient_is_finite_at_the_truth():
    config = LossConfig(acceleration=1.0)
    total = lambda x0, example, statistics: losses(x0, example, statistics, config, ONES, ONES)[0]  # noqa: E731
    slope = jax.jit(jax.grad(total))(truth(), examples(), world().statistics)
    assert bool(jnp.isfinite(slope).all())


def test_rays_see_across_and_at_every_noise_level():
    """A step of both pelvises along the line of sight to them costs less than one across it, without any weight on the
    joints' terms."""
    conditions = examples().conditions
    seen = dataclasses.replace(
        examples(), conditions=dataclasses.replace(conditions, visibility=jnp.ones_like(conditions.visibility))
    )
    pelvis = truth()[..., state.PELVIS] * 0.5  # of the statistics of `small_run`
    sight = pelvis - jnp.asarray(conditions.camera)[..., :3]
    sight = sight / jnp.linalg.norm(sight, axis=-1, keepdims=True)
    across = jnp.stack([-sight[..., 1], sight[..., 0], jnp.zeros_like(sight[..., 0])], axis=-1)
    cost = {
        name: float(RUN(truth().at[..., state.PELVIS].add(0.2 * step), seen, 0.0 * ONES)["ray"])
        for name, step in (("along", sight), ("across", across))
    }
    assert 0 < cost["along"] < 0.3 * cost["across"]
    hidden = dataclasses.replace(
        seen, conditions=dataclasses.replace(seen.conditions, visibility=jnp.zeros_like(conditions.visibility))
    )
    assert float(RUN(truth() + 0.1, hidden, 0.0 * ONES)["ray"]) == 0.0


def test_uncertainty_is_best_at_the_squared_error_and_leaves_the_motion_alone():
    x0 = truth().at[:, 0, :, state.PELVIS].add(0.5)

    def cost(x0, unsure):
        placed, true = (joints(x, examples().rest_joints, world().statistics)[0] for x in (x0, examples().x0))
        return uncertainty_term(unsure, placed, true, examples())

    shape = (*x0.shape[:-1], 24)
    squared = float(np.sum(np.square(10 * 0.25 * np.ones(3))))  # decimetres, each of three entries moved by 0.25 m
    values = [
        float(jax.jit(cost)(x0, jnp.full(shape, -6.0).at[:, 0, :, 0].set(np.log(squared) + off))) for off in (-1, 0, 1)
    ]
    assert values[1] < min(values[0], values[2])
    assert float(jnp.abs(jax.jit(jax.grad(cost))(x0, jnp.zeros(shape))).max()) == 0.0
