"""Value and gradient against smplx, the reference implementation. It is no dependency: skipped where it is missing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.lib.random_body import random_arrays, write_npz

pytest.importorskip("smplx", reason="smplx is not installed; for the parity test: pip install smplx torch")

from experiments.benchmarks.body import our_layer, smplx_layer

BATCH = 5


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    file = tmp_path_factory.mktemp("parity") / "random.npz"
    write_npz(file, random_arrays(V=6890, N=10))
    return our_layer(file)["mesh"], smplx_layer(file)["mesh"]


def arguments(scale: float) -> tuple[np.ndarray, ...]:
    r = np.random.default_rng(3)
    sizes = ((BATCH, 24, 3), scale), ((BATCH, 10), 1.0), ((BATCH, 3), 1.0)
    return tuple((s * r.normal(size=size)).astype(np.float32) for size, s in sizes)


@pytest.mark.parametrize("scale", [0.0, 1e-3, 0.5, 3.0])
def test_vertices_agree_to_a_hundredth_of_a_millimetre(pair, scale):
    (ours, _), (theirs, _) = pair
    given = arguments(scale)
    np.testing.assert_allclose(ours(*given)[:, 0], theirs(*given), atol=1e-5)


@pytest.mark.parametrize("scale", [1e-3, 0.5, 3.0])
def test_gradients_agree(pair, scale):
    (_, ours), (_, theirs) = pair
    given = arguments(scale)
    for found, expected in zip(jax.tree.leaves(ours(*given)), theirs(*given), strict=True):
        # smplx itself is that rough for small angles: it adds 1e-8 to every component before it takes the length.
        np.testing.assert_allclose(found, expected, atol=3e-5 * np.abs(expected).max())


def test_ours_has_a_gradient_in_the_rest_pose(pair):
    (_, ours), _ = pair
    assert all(jnp.isfinite(x).all() for x in ours(*arguments(0.0)))
