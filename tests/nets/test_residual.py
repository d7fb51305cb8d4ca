import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.motion import state
from sm_jax.nets import residual
from tests.nets.conditions import random_conditions, swapped

CONDITIONS = random_conditions(frames=4)
RUN = jax.jit(residual.bounded)


def with_visibility(value):
    seen = jnp.full_like(CONDITIONS.visibility, value)
    camera_terms = jnp.broadcast_to(jnp.eye(3), CONDITIONS.placement.shape)
    return dataclasses.replace(CONDITIONS, visibility=seen, placement=camera_terms)


def raw(size):
    return size * jax.random.normal(jax.random.key(0), CONDITIONS.estimate.shape)


def test_what_is_hidden_may_change_by_any_amount():
    x = raw(50.0)
    np.testing.assert_allclose(RUN(x, with_visibility(0.0)), x, rtol=1e-5)


def test_what_is_seen_may_change_little():
    found = np.abs(RUN(raw(50.0), with_visibility(1.0)))
    assert found[..., : state.PELVIS.start].max() <= residual.SEEN + 1e-5
    across, depth = found[..., state.PELVIS][..., :2], found[..., state.PELVIS][..., 2]
    assert across.max() < 0.26 and depth.max() < 3.01
    np.testing.assert_allclose(RUN(raw(1e-3), with_visibility(1.0)), raw(1e-3), atol=1e-6)  # small changes pass


@pytest.mark.parametrize(("sign", "limit"), [(1.0, 2.0), (-1.0, 1.0)])
def test_the_two_may_move_farther_together_than_apart(sign, limit):
    x = (
        jnp.zeros_like(CONDITIONS.estimate)
        .at[..., state.PELVIS.stop - 1]
        .set(jnp.array([9.0, sign * 9.0])[None, :, None])
    )
    depth = RUN(x, with_visibility(1.0))[..., state.PELVIS.stop - 1]
    np.testing.assert_allclose(np.abs(depth), limit, rtol=1e-3)


def test_the_pelvis_moves_in_the_cameras_terms():
    turn = jax.random.normal(jax.random.key(1), CONDITIONS.placement.shape)
    hidden = dataclasses.replace(with_visibility(0.0), placement=turn)
    x = raw(1.0)
    expected = jnp.einsum("bptij,bptj->bpti", turn, x[..., state.PELVIS])
    np.testing.assert_allclose(RUN(x, hidden)[..., state.PELVIS], expected, rtol=1e-4, atol=1e-5)


def test_swapping_the_people_swaps_the_residual():
    x = raw(3.0)
    np.testing.assert_allclose(RUN(x[:, ::-1], swapped(CONDITIONS))[:, ::-1], RUN(x, CONDITIONS), atol=1e-6)
