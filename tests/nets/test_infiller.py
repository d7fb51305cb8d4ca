import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.nets.infiller import Infiller, InfillerConfig
from tests.nets.conditions import awake, random_conditions, swapped

CONFIGS = {
    "free": InfillerConfig(width=32, blocks=2, heads=2),
    "bounded": InfillerConfig(width=32, blocks=2, heads=2, patch=4, residual="bounded"),
}


@pytest.fixture(scope="module", params=CONFIGS)
def net(request):
    return Infiller(CONFIGS[request.param])


@pytest.fixture(scope="module")
def apply(net):
    return jax.jit(net.apply)


@pytest.fixture(scope="module")
def case(net):
    conditions = random_conditions()
    x, t = conditions.estimate[:, ::-1] * 0.7, jnp.array([3, 900])
    params = jax.jit(net.init)(jax.random.key(0), x, t, conditions)
    return params, awake(params), x, t, conditions


def test_heads_share_the_width_evenly():
    with pytest.raises(UserError, match=r"net.width 36 is no multiple of twice 4 net.heads"):
        InfillerConfig(width=36, heads=4)


def test_starts_at_the_estimate(apply, case):
    fresh, _, x, t, conditions = case
    np.testing.assert_array_equal(apply(fresh, x, t, conditions), conditions.estimate)


def test_swapping_the_people_swaps_the_output(apply, case):
    _, params, x, t, conditions = case
    straight = apply(params, x, t, conditions)
    exchanged = apply(params, x[:, ::-1], t, swapped(conditions))
    np.testing.assert_allclose(exchanged[:, ::-1], straight, atol=1e-5)
    assert float(jnp.abs(straight[:, 0] - straight[:, 1]).max()) > 0.1


@pytest.mark.parametrize("name", ["visibility", "evidence", "camera", "rest_joints", "text.tokens", "text.pooled"])
def test_reads_every_condition(apply, case, name):
    _, params, x, t, conditions = case
    changed = jax.tree.map_with_path(
        lambda path, value: 0.5 * value if jax.tree_util.keystr(path) == f".{name}" else value, conditions
    )
    assert float(jnp.abs(apply(params, x, t, changed) - apply(params, x, t, conditions)).max()) > 1e-4


def test_a_bounded_network_is_told_the_size_of_errors_and_says_how_sure_it_is(net, case):
    fresh, params, x, t, conditions = case
    predict = jax.jit(lambda p, c: net.apply(p, x, t, c, method="predict"))
    louder = dataclasses.replace(conditions, error_scale=conditions.error_scale + 1.0)
    (plain, unsure), (told, _), (_, at_first) = (
        predict(params, conditions),
        predict(params, louder),
        predict(fresh, conditions),
    )
    assert unsure.shape == conditions.visibility.shape and (at_first == 0).all()
    changed = bool(jnp.abs(told - plain).max() > 1e-4), bool(jnp.abs(unsure).max() > 1e-4)
    assert changed == ((True, True) if net.config.residual == "bounded" else (False, False))


def test_reads_time_and_the_partner(apply, case):
    _, params, x, t, conditions = case
    straight = apply(params, x, t, conditions)
    assert float(jnp.abs(apply(params, x, t + 50, conditions) - straight).max()) > 1e-4
    elsewhere = x.at[:, 1, -1].add(1.0)
    assert float(jnp.abs(apply(params, elsewhere, t, conditions) - straight)[:, 0, 0].max()) > 1e-6


def test_without_text_it_is_finite_and_the_tokens_do_not_matter(apply, case):
    _, params, x, t, conditions = case
    silent = dataclasses.replace(conditions.text, mask=jnp.zeros_like(conditions.text.mask))
    mute = dataclasses.replace(conditions, text=silent)
    loss = lambda p, c: jnp.square(apply(p, x, t, c)).mean()  # noqa: E731
    value, gradient = jax.value_and_grad(loss)(params, mute)
    assert all(bool(jnp.isfinite(g).all()) for g in jax.tree.leaves(gradient))
    words = dataclasses.replace(silent, tokens=silent.tokens + 1.0, pooled=silent.pooled + 1.0)
    other = dataclasses.replace(mute, text=words)
    assert float(loss(params, other)) == float(value) != float(loss(params, conditions))


def test_padded_frames_do_not_matter(apply, case):
    _, params, x, t, conditions = case
    valid = 8
    frame_mask = conditions.frame_mask.at[:, valid:].set(0.0)
    padded = dataclasses.replace(conditions, frame_mask=frame_mask)
    rubbish = dataclasses.replace(
        padded,
        estimate=conditions.estimate.at[:, :, valid:].add(3.0),
        evidence=conditions.evidence.at[:, :, valid:].add(3.0),
    )
    first = apply(params, x, t, padded)[:, :, :valid]
    second = apply(params, x.at[:, :, valid:].add(3.0), t, rubbish)[:, :, :valid]
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_recomputation_changes_no_gradient(net, case):
    _, params, x, t, conditions = case
    loss = lambda net: lambda p: jnp.square(net.apply(p, x, t, conditions)).mean()  # noqa: E731
    kept, again = (jax.jit(jax.grad(loss(Infiller(net.config, remat=r))))(params) for r in (False, True))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), kept, again)


def test_half_precision_is_inside_alone(net, apply, case):
    _, params, x, t, conditions = case
    half = Infiller(net.config, dtype=jnp.bfloat16)
    assert {leaf.dtype for leaf in jax.tree.leaves(jax.eval_shape(half.init, jax.random.key(0), x, t, conditions))} == {
        x.dtype
    }
    full, found = apply(params, x, t, conditions), jax.jit(half.apply)(params, x, t, conditions)
    assert found.dtype == full.dtype
    error = jnp.abs(found - full).max() / jnp.abs(full - conditions.estimate).max()
    assert 1e-5 < float(error) < 0.05
