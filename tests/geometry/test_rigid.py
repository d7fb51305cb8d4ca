import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from jax.test_util import check_grads

from sm_jax.geometry import rigid, rotations

R = rotations.axis_angle_to_matrix(jax.random.normal(jax.random.key(0), (3, 5, 3)))
t = jax.random.normal(jax.random.key(1), (3, 5, 3))
x = jax.random.normal(jax.random.key(2), (5, 3))
ANGLES = [0.0, 1e-30, 1e-7, 1e-3, 0.0999, 0.1001, 1.0, 3.0, np.pi - 1e-3]


def twists(angle: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    axis, velocity = np.random.default_rng(seed).normal(size=(2, 6, 3))
    return angle * axis / np.linalg.norm(axis, axis=1, keepdims=True), velocity


def close(found, expected, atol=1e-5):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=atol)


def test_composition_is_one_transform_after_the_other():
    both = rigid.compose(R[0], t[0], R[1], t[1])
    after = rigid.transform(R[0], t[0], rigid.transform(R[1], t[1], x))
    np.testing.assert_allclose(rigid.transform(*both, x), after, atol=1e-5)


def test_composition_is_associative():
    left = rigid.compose(*rigid.compose(R[0], t[0], R[1], t[1]), R[2], t[2])
    right = rigid.compose(R[0], t[0], *rigid.compose(R[1], t[1], R[2], t[2]))
    close(left, right)


def test_inverse_undoes_on_both_sides():
    inverse = rigid.invert(R[0], t[0])
    identity = (jnp.broadcast_to(jnp.eye(3), (5, 3, 3)), jnp.zeros((5, 3)))
    close(rigid.compose(R[0], t[0], *inverse), identity)
    close(rigid.compose(*inverse, R[0], t[0]), identity)
    there = rigid.transform(R[0], t[0], x)
    np.testing.assert_allclose(rigid.transform(*inverse, there), x, atol=1e-5)
    assert jnp.abs(there - x).max() > 0.1


exp, log = jax.jit(rigid.exp), jax.jit(rigid.log)
there_and_back = jax.jit(lambda *twist: rigid.log(*rigid.exp(*twist)))


@pytest.mark.parametrize("angle", [*ANGLES, 4.0, 2 * np.pi, 20.0])
def test_exp_is_that_of_the_four_by_four_matrix(angle):
    omega, velocity = twists(angle)
    found = exp(jnp.asarray(omega, jnp.float32), jnp.asarray(velocity, jnp.float32))
    for i in range(len(omega)):
        twist = np.zeros((4, 4))
        (a, b, c), twist[:3, 3] = omega[i], velocity[i]
        twist[:3, :3] = [[0, -c, b], [c, 0, -a], [-b, a, 0]]
        expected = scipy.linalg.expm(twist)
        close((found[0][i], found[1][i]), (expected[:3, :3], expected[:3, 3]), atol=3e-6)


@pytest.mark.parametrize("angle", ANGLES)
def test_log_undoes_exp(angle):
    omega, velocity = (jnp.asarray(part, jnp.float32) for part in twists(angle))
    close(there_and_back(omega, velocity), (omega, velocity), atol=2e-5)


def test_exp_undoes_log_at_a_half_turn():
    half = jnp.diag(jnp.array([1.0, -1.0, -1.0]))
    close(rigid.exp(*rigid.log(half, x[0])), (half, x[0]))


def test_half_the_twist_twice_is_the_whole():
    omega, velocity = (jnp.asarray(part, jnp.float32) for part in twists(2.5))
    half = rigid.exp(omega / 2, velocity / 2)
    close(rigid.compose(*half, *half), rigid.exp(omega, velocity))


def test_exp_of_a_change_of_frame():
    """Equivariance: the adjoint of the frame acts on the twist."""
    omega, velocity = (jnp.asarray(part[:5], jnp.float32) for part in twists(1.5))
    turned = rotations.rotate(R[0], omega)
    moved = rotations.rotate(R[0], velocity) + jnp.cross(t[0], turned)
    there = rigid.compose(*rigid.compose(R[0], t[0], *rigid.exp(omega, velocity)), *rigid.invert(R[0], t[0]))
    close(rigid.exp(turned, moved), there)


def test_gradients_are_those_of_finite_differences():
    with jax.enable_x64(True):
        # one twist of each kind: at zero, within the series, at its border and beyond
        parts = [twists(angle, seed=1) for angle in (0.0, 0.05, 0.0999, 0.1001, 1.0, 3.0)]
        twist = tuple(jnp.asarray(np.stack([part[k][0] for part in parts])) for k in (0, 1))
        check_grads(exp, twist, order=1, modes=["rev"], atol=1e-5, rtol=1e-5)
        check_grads(log, exp(*twist), order=1, modes=["rev"], atol=1e-4, rtol=1e-4)


def test_the_exponential_is_smooth_at_zero():
    """Its second derivative along itself: (K + K K / 2) of the series gives K K, and V gives K velocity."""
    omega, velocity = (jnp.asarray(part[0], jnp.float32) for part in twists(1.0))

    def second(direction):
        def along(s):
            return rigid.exp(s * direction, velocity)

        return jax.jacfwd(jax.jacfwd(along))(0.0), jax.jacfwd(along)(0.0)

    (R_second, _), (_, t_first) = jax.jit(second)(omega)
    K = rotations.skew(omega)
    np.testing.assert_allclose(R_second, K @ K, atol=1e-6)
    np.testing.assert_allclose(t_first, K @ velocity / 2, atol=1e-6)


gradient = jax.jit(jax.grad(lambda *twist: sum(part.mean() for part in rigid.log(*rigid.exp(*twist))), (0, 1)))
ORDINARY = [(angle, speed) for angle in (*ANGLES, np.pi, 2 * np.pi) for speed in (0.0, 1e-30, 1.0, 1e30)]


@pytest.mark.parametrize(("angle", "speed"), [*ORDINARY, (1e10, 1.0), (1e30, 1.0), (1e38, 1.0)])
def test_values_and_gradients_are_finite_over_the_float_range(angle, speed):
    omega, velocity = (jnp.asarray(part, jnp.float32) for part in twists(angle))
    parts = (*exp(omega, speed * velocity), *there_and_back(omega, speed * velocity))
    assert all(np.isfinite(part).all() for part in (*parts, *gradient(omega, speed * velocity)))


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float32, jnp.float64])
def test_dtypes_are_kept(dtype):
    def everything(omega, velocity):
        value = rigid.exp(omega, velocity)
        return *value, *rigid.log(*value), *rigid.invert(*value), *rigid.compose(*value, *value)

    with jax.enable_x64(True):
        found = jax.eval_shape(everything, *[jax.ShapeDtypeStruct((4, 3), dtype)] * 2)
        assert {array.dtype for array in found} == {jnp.dtype(dtype)}
