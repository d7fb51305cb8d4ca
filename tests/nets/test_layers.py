import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.nets.layers import attend, layer_norm, modulate, rotate_by_position, sinusoidal_embedding, swap_people


def heads(seed: int, *shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


def test_attention_by_hand():
    q, k, v = heads(0, 3, 2, 4), heads(1, 5, 2, 4), heads(2, 5, 2, 4)
    mask = jnp.array([1.0, 1.0, 0.0, 1.0, 0.0])
    expected = np.zeros((3, 2, 4))
    for h in range(2):
        scores = np.asarray(q[:, h] @ k[[0, 1, 3], h].T) / 2.0
        weight = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        expected[:, h] = weight @ np.asarray(v[[0, 1, 3], h])
    np.testing.assert_allclose(attend(q, k, v, mask), expected, atol=1e-6)


def test_attention_of_hypotheses_with_and_without_text_over_windows_runs():
    """As sampling has it: two maps around windows and people. XLA's CPU kernels refuse products of so many axes."""
    q, k, v = (heads(i, 2, 2, 2, 2, 16, 4, 32) for i in range(3))
    mask = jnp.ones((2, 2, 2, 2, 16))
    mapped = jax.jit(jax.vmap(jax.vmap(attend)))(q, k, v, mask)
    for at in ((0, 1, 0, 1), (1, 0, 1, 1)):
        np.testing.assert_allclose(mapped[at], attend(q[at], k[at], v[at], mask[at]), atol=1e-5)


def test_attention_to_nothing_is_zero_with_finite_gradients():
    q = heads(0, 3, 2, 4)
    value, slope = jax.value_and_grad(lambda q: attend(q, q, q, jnp.zeros(3)).sum())(q)
    assert value == 0.0 and bool(jnp.isfinite(slope).all())


def test_rotary_scores_depend_on_distance_alone():
    same = jnp.broadcast_to(heads(0, 1, 1, 8), (10, 1, 8))
    turned = rotate_by_position(same)[:, 0]
    scores = turned @ turned.T
    np.testing.assert_allclose(scores[2, 5], scores[6, 9], rtol=1e-5)
    assert abs(float(scores[2, 5] - scores[2, 9])) > 1e-3
    np.testing.assert_allclose(jnp.linalg.norm(turned, axis=-1), jnp.linalg.norm(same[:, 0], axis=-1), rtol=1e-5)


def test_time_embedding_tells_steps_apart():
    embedded = sinusoidal_embedding(jnp.arange(1000), 32)
    gaps = jnp.linalg.norm(jnp.diff(embedded, axis=0), axis=-1)
    assert embedded.shape == (1000, 32) and float(gaps.min()) > 0.1


def test_norm_and_modulation():
    x = heads(0, 2, 2, 3, 16) * 5.0 + 2.0
    np.testing.assert_allclose(layer_norm(x).mean(-1), 0.0, atol=1e-5)
    np.testing.assert_allclose(layer_norm(x).std(-1), 1.0, atol=1e-4)
    shift, scale = jnp.full((2, 16), 3.0), jnp.full((2, 16), 1.0)
    np.testing.assert_allclose(modulate(x, shift, scale), 2.0 * layer_norm(x) + 3.0, atol=1e-5)


def test_swap_people():
    x = heads(0, 2, 2, 3, 4)
    np.testing.assert_array_equal(swap_people(x)[:, 0], x[:, 1])
