import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.nets.smoothnet import SmoothNet, SmoothNetConfig

CONFIG = SmoothNetConfig(window=8, hidden=16, residual=4, blocks=2)
X = np.random.default_rng(0).normal(size=(2, 3, 8, 5)).astype(np.float32)


def params(config=CONFIG, noise=0.0):
    fresh = SmoothNet(config).init(jax.random.key(0), X)["params"]
    rng = np.random.default_rng(1)
    return jax.tree.map(lambda a: a + noise * rng.normal(size=a.shape).astype(np.float32), fresh)


def smooth(x, noise=0.2):
    return np.asarray(SmoothNet(CONFIG).apply({"params": params(noise=noise)}, x))


def test_it_does_nothing_at_initialisation():
    np.testing.assert_array_equal(smooth(X, noise=0.0), X)
    assert smooth(X).shape == X.shape and np.abs(smooth(X) - X).max() > 0.1


def test_every_feature_is_treated_alike_and_by_itself():
    np.testing.assert_allclose(smooth(X[..., ::-1]), smooth(X)[..., ::-1], atol=1e-5)
    changed = X.copy()
    changed[..., 0] += np.arange(8)
    np.testing.assert_allclose(smooth(changed)[..., 1:], smooth(X)[..., 1:], atol=1e-5)
    assert np.abs(smooth(changed) - smooth(X))[..., 0].max() > 0.1


def test_where_it_happens_does_not_matter():
    np.testing.assert_allclose(smooth(X + 3.0), smooth(X) + 3.0, atol=1e-4)


def test_its_size_follows_the_configuration():
    count = sum(leaf.size for leaf in jax.tree.leaves(params()))
    assert count == (8 * 16 + 16) + 2 * (16 * 4 + 4 + 4 * 16 + 16) + (16 * 8 + 8)
    deeper = params(dataclasses.replace(CONFIG, blocks=3))
    assert {f"wide_{i}" for i in range(3)} <= set(deeper)
    assert float(jnp.abs(deeper["decode"]["kernel"]).max()) == 0.0
