import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.nets.refiner import ConvolutionBlock, Refiner, RefinerConfig, TemporalFilter, shift_frames
from tests.nets.conditions import awake, random_conditions, swapped

NET = Refiner(RefinerConfig(width=32, dilations=(1, 2), taps=2))
APPLY = jax.jit(NET.apply)


@pytest.fixture(scope="module")
def case():
    conditions = random_conditions(frames=16)
    x = conditions.estimate * 0.7
    params = jax.jit(NET.init)(jax.random.key(0), x, conditions)
    return params, awake(params), x, conditions


def test_starts_at_the_infilled_motion(case):
    fresh, _, x, conditions = case
    np.testing.assert_array_equal(APPLY(fresh, x, conditions), x)


def test_swapping_the_people_swaps_the_output(case):
    _, params, x, conditions = case
    straight = APPLY(params, x, conditions)
    exchanged = APPLY(params, x[:, ::-1], swapped(conditions))
    np.testing.assert_allclose(exchanged[:, ::-1], straight, atol=1e-5)
    assert float(jnp.abs(straight[:, 0] - straight[:, 1]).max()) > 0.1


def test_receptive_field_is_the_sum_of_the_dilations(case):
    _, params, x, conditions = case
    slope = jax.grad(lambda x: APPLY(params, x, conditions)[0, 0, 8].sum() - x[0, 0, 8].sum())(x)
    reached = np.nonzero(np.abs(slope[0]).sum((0, 2)))[0]
    np.testing.assert_array_equal(reached, np.arange(8 - 3, 8 + 3 + 1))


def test_a_padded_sequence_gives_what_the_short_one_gives(case):
    _, params, x, conditions = case
    valid = 9
    cut = lambda a: a[:, :, :valid]  # noqa: E731
    short = dataclasses.replace(
        conditions,
        **{name: cut(getattr(conditions, name)) for name in ("estimate", "visibility", "evidence", "camera")},
        frame_mask=conditions.frame_mask[:, :valid],
    )
    padded = dataclasses.replace(conditions, frame_mask=conditions.frame_mask.at[:, valid:].set(0.0))
    np.testing.assert_allclose(cut(APPLY(params, x, padded)), APPLY(params, cut(x), short), atol=1e-5)


def test_shift_frames():
    x = jnp.arange(1.0, 5.0).reshape(1, 1, 4, 1)
    np.testing.assert_array_equal(shift_frames(x, 1).ravel(), [2, 3, 4, 0])
    np.testing.assert_array_equal(shift_frames(x, -2).ravel(), [0, 0, 1, 2])


def test_a_block_looks_at_the_partner_in_the_same_frame():
    block, x, mask = ConvolutionBlock(dilation=2), jnp.ones((1, 2, 6, 4)).at[..., 0].set(3.0), jnp.ones((1, 1, 6, 1))
    params = awake(block.init(jax.random.key(0), x, mask))
    run = jax.jit(block.apply)
    moved = run(params, x.at[0, 1, 3, 1].add(2.0), mask) - run(params, x, mask)
    np.testing.assert_array_equal(np.nonzero(np.abs(moved[0, 0]).sum(-1))[0], [3])


def test_the_filter_averages_valid_frames_and_begins_with_nothing():
    x = jnp.arange(8.0).reshape(1, 1, 8, 1) ** 2
    mask = jnp.ones((1, 1, 8, 1)).at[:, :, 6:].set(0.0)
    smooth = TemporalFilter(taps=1)
    params = smooth.init(jax.random.key(0), x, mask)
    np.testing.assert_array_equal(smooth.apply(params, x, mask), x)
    third = jax.tree.map(lambda p: jnp.full_like(p, 1 / 3), params)
    found = np.asarray(smooth.apply(third, x, mask)).ravel()
    np.testing.assert_allclose(found[1:5], [(t**2 + (t - 1) ** 2 + (t + 1) ** 2) / 3 for t in range(1, 5)], rtol=1e-6)
    # At the ends of what is valid the neighbour that is not there counts as the frame itself.
    np.testing.assert_allclose(found[[0, 5, 6]], [1 / 3, (25 + 16 + 25) / 3, 36.0], rtol=1e-6)


def test_recomputation_changes_no_gradient(case):
    _, params, x, conditions = case
    loss = lambda net: lambda p: jnp.square(net.apply(p, x, conditions)).mean()  # noqa: E731
    kept, again = (jax.jit(jax.grad(loss(Refiner(NET.config, remat=r))))(params) for r in (False, True))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), kept, again)


def test_half_precision_is_inside_alone(case):
    _, params, x, conditions = case
    half = Refiner(NET.config, dtype=jnp.bfloat16)
    assert {leaf.dtype for leaf in jax.tree.leaves(jax.eval_shape(half.init, jax.random.key(0), x, conditions))} == {
        x.dtype
    }
    full, found = APPLY(params, x, conditions), jax.jit(half.apply)(params, x, conditions)
    assert found.dtype == full.dtype
    error = jnp.abs(found - full).max() / jnp.abs(full - x).max()
    assert 1e-5 < float(error) < 0.05
