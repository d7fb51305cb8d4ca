import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.geometry import rigid, rotations

R = rotations.axis_angle_to_matrix(jax.random.normal(jax.random.key(0), (2, 5, 3)))
t = jax.random.normal(jax.random.key(1), (2, 5, 3))
x = jax.random.normal(jax.random.key(2), (5, 3))


def test_composition_is_one_transform_after_the_other():
    both = rigid.compose(R[0], t[0], R[1], t[1])
    after = rigid.transform(R[0], t[0], rigid.transform(R[1], t[1], x))
    np.testing.assert_allclose(rigid.transform(*both, x), after, atol=1e-5)


def test_inverse_undoes():
    there = rigid.transform(R[0], t[0], x)
    np.testing.assert_allclose(rigid.transform(*rigid.invert(R[0], t[0]), there), x, atol=1e-5)
    assert jnp.abs(there - x).max() > 0.1
