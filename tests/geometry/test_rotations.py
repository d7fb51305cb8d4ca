import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sm_jax.geometry import rotations
from tests.geometry.gradients import assert_gradient

# angles at both ends and between, about random axes
NEAR_PI = np.pi - np.geomspace(1e-6, 0.1, 30)
ANGLES = np.concatenate([[0.0], np.geomspace(1e-7, 0.1, 30), np.linspace(0.2, 3.0, 40), NEAR_PI])


@pytest.fixture(scope="module")
def axis_angle() -> np.ndarray:
    axis = np.random.default_rng(0).normal(size=(len(ANGLES), 3))
    return (ANGLES[:, None] * axis / np.linalg.norm(axis, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def R(axis_angle) -> np.ndarray:
    return Rotation.from_rotvec(axis_angle).as_matrix().astype(np.float32)


def test_axis_angle_to_matrix_is_scipys(axis_angle, R):
    np.testing.assert_allclose(rotations.axis_angle_to_matrix(axis_angle), R, atol=1e-6)


def test_matrix_to_axis_angle_is_accurate_at_both_ends(axis_angle, R):
    found = rotations.matrix_to_axis_angle(R)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), ANGLES, atol=2e-6)
    np.testing.assert_allclose(Rotation.from_rotvec(found).as_matrix(), R, atol=2e-6)


TURN_SLOPES, SIXD_SLOPES, NEAREST_SLOPES = (
    jax.jit(jax.jacobian(function))
    for function in (rotations.matrix_to_axis_angle, rotations.sixd_to_matrix, rotations.nearest_rotation)
)


@pytest.mark.parametrize("axis", [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, -0.8, 0]])
def test_half_turn(axis):
    R = 2 * np.outer(axis, axis).astype(np.float32) - np.eye(3, dtype=np.float32)
    found = np.asarray(rotations.matrix_to_axis_angle(jnp.asarray(R)))
    np.testing.assert_allclose(np.abs(found @ axis), np.pi, atol=1e-5)
    assert np.isfinite(TURN_SLOPES(R)).all()


def test_gradients_are_finite_at_every_angle(axis_angle):
    def loop(a):
        return rotations.matrix_to_axis_angle(rotations.axis_angle_to_matrix(a))

    gradient = jax.jit(jax.vmap(jax.jacobian(loop)))(axis_angle)
    assert np.isfinite(gradient).all()
    inside = ANGLES < 3
    np.testing.assert_allclose(gradient[inside], np.broadcast_to(np.eye(3), gradient[inside].shape), atol=1e-3)


def test_sixd_is_the_first_two_columns(R):
    sixd = rotations.matrix_to_6d(R)
    np.testing.assert_array_equal(sixd[:, :3], R[:, :, 0])
    np.testing.assert_array_equal(sixd[:, 3:], R[:, :, 1])
    np.testing.assert_allclose(rotations.sixd_to_matrix(sixd), R, atol=1e-6)


def test_sixd_of_anything_is_a_rotation():
    sixd = jax.random.normal(jax.random.key(1), (50, 6))
    found = rotations.sixd_to_matrix(sixd)
    np.testing.assert_allclose(found @ np.swapaxes(found, -1, -2), np.broadcast_to(np.eye(3), (50, 3, 3)), atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(found), 1, atol=1e-5)


@pytest.mark.parametrize("sixd", [np.zeros(6), np.ones(6), np.array([0, 0, 0, 1, 0, 0])])
def test_degenerate_sixd_is_finite(sixd):
    sixd = jnp.asarray(sixd, jnp.float32)
    assert np.isfinite(rotations.sixd_to_matrix(sixd)).all()
    assert np.isfinite(SIXD_SLOPES(sixd)).all()


def test_quaternions_are_scipys(R):
    found = rotations.matrix_to_quaternion(R)
    expected = Rotation.from_matrix(R).as_quat(canonical=True, scalar_first=True)
    same = np.sign(np.sum(found * expected, axis=1, keepdims=True))
    np.testing.assert_allclose(found * same, expected, atol=1e-6)
    assert (found[:, 0] >= 0).all()
    np.testing.assert_allclose(rotations.quaternion_to_matrix(3 * found), R, atol=1e-6)


def test_slerp_moves_at_constant_speed_from_end_to_end(R):
    a, b = R[:50], R[50:100]
    whole = rotations.angle_between(a, b)
    for u in (0.0, 0.25, 0.5, 1.0):
        at = jax.jit(rotations.slerp)(a, b, jnp.full(50, u))
        np.testing.assert_allclose(rotations.angle_between(a, at), u * whole, atol=1e-5)
        np.testing.assert_allclose(rotations.angle_between(at, b), (1 - u) * whole, atol=1e-5)


def test_angle_between_is_accurate_at_both_ends(R):
    identity = jnp.broadcast_to(jnp.eye(3), R.shape)
    np.testing.assert_allclose(rotations.angle_between(identity, R), ANGLES, atol=2e-6)
    gradient = jax.jit(jax.grad(lambda R: rotations.angle_between(identity, R).sum()))(jnp.asarray(R))
    assert np.isfinite(gradient).all()


def test_leading_axes():
    @jax.jit
    def shapes(axis_angle):
        R = rotations.axis_angle_to_matrix(axis_angle)
        back = rotations.matrix_to_axis_angle(R), rotations.sixd_to_matrix(rotations.matrix_to_6d(R))
        return *back, rotations.slerp(R, R, axis_angle[..., 0])

    axis_angle, *matrices = shapes(jnp.ones((2, 3, 4, 3)))
    assert axis_angle.shape == (2, 3, 4, 3)
    assert all(R.shape == (2, 3, 4, 3, 3) for R in matrices)


def test_the_group_axioms(R):
    a, b, c = R[:30], R[30:60], R[60:90]
    compose, transpose = rotations.compose, rotations.transpose
    np.testing.assert_allclose(compose(compose(a, b), c), compose(a, compose(b, c)), atol=1e-6)
    np.testing.assert_allclose(compose(a, transpose(a)), np.broadcast_to(np.eye(3), a.shape), atol=1e-6)
    np.testing.assert_allclose(compose(transpose(a), a), np.broadcast_to(np.eye(3), a.shape), atol=1e-6)
    np.testing.assert_allclose(transpose(compose(a, b)), compose(transpose(b), transpose(a)), atol=1e-6)
    x = jax.random.normal(jax.random.key(0), (30, 3))
    np.testing.assert_allclose(
        rotations.rotate(compose(a, b), x), rotations.rotate(a, rotations.rotate(b, x)), atol=1e-5
    )


ROUND_TRIPS = {
    "axis-angle": (rotations.matrix_to_axis_angle, rotations.axis_angle_to_matrix),
    "quaternion": (rotations.matrix_to_quaternion, rotations.quaternion_to_matrix),
    "6D": (rotations.matrix_to_6d, rotations.sixd_to_matrix),
    "quaternion by axis-angle": (
        lambda R: rotations.quaternion_to_axis_angle(rotations.matrix_to_quaternion(R)),
        lambda a: rotations.quaternion_to_matrix(rotations.axis_angle_to_quaternion(a)),
    ),
}
# from nothing over a half turn and whole turns to where float32 has no more angle to tell
FULL_RANGE = np.concatenate([[0.0], np.geomspace(1e-37, 1e-8, 12), ANGLES, np.linspace(np.pi, 20, 20)])
FULL_RANGE = np.concatenate([FULL_RANGE, [2 * np.pi, 4 * np.pi]])
ABSURD = np.geomspace(1e3, 1e37, 12)


def about_random_axes(angles: np.ndarray, seed: int = 3) -> np.ndarray:
    axis = np.random.default_rng(seed).normal(size=(len(angles), 3))
    return (angles[:, None] * axis / np.linalg.norm(axis, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_there_and_back_is_the_same_rotation(name, R):
    there, back = ROUND_TRIPS[name]
    np.testing.assert_allclose(jax.jit(lambda R: back(there(R)))(R), R, atol=2e-6)


def test_the_exponential_is_right_for_every_angle():
    axis_angle = about_random_axes(FULL_RANGE)
    expected = Rotation.from_rotvec(axis_angle.astype(float)).as_matrix()
    np.testing.assert_allclose(jax.jit(rotations.axis_angle_to_matrix)(axis_angle), expected, atol=3e-6)


def test_tiny_angles_are_not_lost():
    angles = np.geomspace(1e-30, 1e-2, 30).astype(np.float32)
    axis_angle = about_random_axes(angles)
    R = jax.jit(rotations.axis_angle_to_matrix)(axis_angle)
    np.testing.assert_allclose(rotations.vee(R), axis_angle, rtol=2e-5)
    np.testing.assert_allclose(jax.jit(rotations.matrix_to_axis_angle)(R), axis_angle, rtol=2e-6)
    identity = jnp.broadcast_to(jnp.eye(3), R.shape)
    np.testing.assert_allclose(rotations.angle_between(identity, R), angles, rtol=1e-5)


def test_absurd_angles_still_give_a_rotation_and_finite_gradients():
    axis_angle = about_random_axes(ABSURD)
    R, gradient = jax.jit(
        jax.vmap(lambda a: (rotations.axis_angle_to_matrix(a), jax.jacobian(rotations.axis_angle_to_matrix)(a)))
    )(axis_angle)
    np.testing.assert_allclose(R @ np.swapaxes(R, 1, 2), np.broadcast_to(np.eye(3), R.shape), atol=1e-6)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("scale", [1e-30, 1e-15, 1e15, 1e30])
def test_what_is_normalised_may_have_any_length(scale, R):
    """6D vectors and quaternions, in value and gradient (which goes as 1 / scale)."""
    R = R[::7]
    for there, back in (ROUND_TRIPS["quaternion"], ROUND_TRIPS["6D"]):
        form = np.asarray(there(R), np.float32)
        both = jax.jit(jax.vmap(lambda x, f=back: (f(x), jax.jacobian(f)(x))))
        found, slope = both(np.float32(scale) * form)
        _, expected = both(form)
        np.testing.assert_allclose(found, R, atol=2e-6)
        np.testing.assert_allclose(np.asarray(slope, float) * scale, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("function", "made"),
    [
        (rotations.axis_angle_to_matrix, lambda a: a),
        (rotations.axis_angle_to_quaternion, lambda a: a),
        (rotations.matrix_to_axis_angle, rotations.axis_angle_to_matrix),
        (rotations.matrix_to_quaternion, rotations.axis_angle_to_matrix),
        (rotations.quaternion_to_axis_angle, rotations.axis_angle_to_quaternion),
        (rotations.quaternion_to_matrix, rotations.axis_angle_to_quaternion),
        (rotations.sixd_to_matrix, lambda a: rotations.matrix_to_6d(rotations.axis_angle_to_matrix(a))),
    ],
)
def test_gradients_are_those_of_float64_at_every_angle(function, made, axis_angle):
    """Near a half turn the axis itself turns at 1 / (pi - angle): there errors are measured relative to that."""
    jacobian = jax.jit(jax.vmap(jax.jacobian(function)))
    with jax.enable_x64(True):
        argument = np.asarray(jax.jit(made)(axis_angle.astype(np.float64)))
        expected = np.asarray(jacobian(argument))
    assert_gradient(function, argument[10:60:7], atol=1e-5)
    found = np.asarray(jacobian(argument.astype(np.float32)))
    inside = np.pi - 1e-3 > ANGLES
    np.testing.assert_allclose(
        found[inside], expected[inside], atol=1e-3 if made is rotations.axis_angle_to_matrix else 3e-6
    )
    assert np.isfinite(found).all()


def test_second_derivatives_at_zero():
    """exp is smooth: d^2/ds^2 exp(s K) = K^2 at s = 0, where the textbook formula has 0 / 0."""
    axis_angle = jnp.array([0.3, -0.5, 0.8])
    second = jax.jit(jax.hessian(lambda s: rotations.axis_angle_to_matrix(s * axis_angle)))
    K = rotations.skew(axis_angle)
    np.testing.assert_allclose(second(0.0), K @ K, atol=1e-6)
    np.testing.assert_allclose(second(1e-3), K @ K, atol=1e-3)


def test_conversions_are_equivariant(R):
    """A change of frame turns the axis and leaves the angle: log(Q R Q^T) = Q log(R)."""
    Q, inside = Rotation.random(len(R), rng=np.random.default_rng(0)).as_matrix().astype(np.float32), ANGLES < 3
    turned = rotations.matrix_to_axis_angle(rotations.compose(rotations.compose(Q, R), rotations.transpose(Q)))
    expected = rotations.rotate(Q, rotations.matrix_to_axis_angle(R))
    np.testing.assert_allclose(turned[inside], expected[inside], atol=5e-6)
    both = rotations.angle_between(rotations.compose(Q, R), rotations.compose(Q, rotations.transpose(R)))
    np.testing.assert_allclose(both, rotations.angle_between(R, rotations.transpose(R)), atol=5e-6)


def test_a_quaternion_and_its_negative_are_one_rotation(R):
    q = rotations.matrix_to_quaternion(R)
    np.testing.assert_array_equal(rotations.quaternion_to_axis_angle(-q), rotations.quaternion_to_axis_angle(q))
    np.testing.assert_array_equal(rotations.quaternion_to_matrix(-q), rotations.quaternion_to_matrix(q))


def test_gradients_of_many_rotations():
    """Large enough for the compiler's own kernels of sums: those of jaxlib 0.10.2 give wrong numbers here on a CPU."""
    keys = jax.random.split(jax.random.key(0))
    sixd, pull = jax.random.normal(keys[0], (2, 2, 64, 24, 6)), jax.random.normal(keys[1], (2, 2, 64, 24, 3, 3))
    gradient = jax.jit(jax.grad(lambda x: jnp.sum(pull * rotations.sixd_to_matrix(x))))
    one_by_one = jax.jit(jax.vmap(jax.grad(lambda x, pull: jnp.sum(pull * rotations.sixd_to_matrix(x)))))
    expected = one_by_one(sixd.reshape(-1, 6), pull.reshape(-1, 3, 3)).reshape(sixd.shape)
    for _ in range(2):
        np.testing.assert_allclose(gradient(sixd), expected, rtol=1e-3, atol=1e-3)


def test_degenerate_inputs_give_finite_values_and_gradients():
    cases = {
        rotations.quaternion_to_matrix: [np.zeros(4), np.full(4, 1e-38)],
        rotations.quaternion_to_axis_angle: [np.zeros(4), np.array([0, 1, 0, 0])],
        rotations.matrix_to_axis_angle: [np.zeros((3, 3)), np.ones((3, 3)), np.eye(3), 1e30 * np.eye(3), -np.eye(3)],
        rotations.matrix_to_quaternion: [np.zeros((3, 3)), np.ones((3, 3)), -np.eye(3), np.diag([1, -1, -1])],
        rotations.nearest_rotation: [np.zeros((3, 3)), np.ones((3, 3)), 1e30 * np.eye(3), np.diag([1, 1, -1])],
    }
    for function, inputs in cases.items():
        x = jnp.asarray(np.stack(inputs), jnp.float32)
        found = jax.jit(jax.vmap(lambda x, f=function: (f(x), jax.jacobian(f)(x))))(x)
        assert all(np.isfinite(part).all() for part in found), function
    np.testing.assert_array_equal(rotations.quaternion_to_matrix(jnp.zeros(4)), np.eye(3))
    identity = jnp.eye(3)
    assert rotations.angle_between(identity, identity) == 0
    gradient = jax.grad(lambda R: rotations.angle_between(R, identity))(identity)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float32, jnp.float64])
def test_dtypes_are_kept(dtype):
    def everything(axis_angle, q, sixd):
        R = rotations.axis_angle_to_matrix(axis_angle)
        found = rotations.matrix_to_axis_angle(R), rotations.matrix_to_quaternion(R), rotations.matrix_to_6d(R)
        found += rotations.quaternion_to_axis_angle(q), rotations.quaternion_to_matrix(q)
        found += rotations.axis_angle_to_quaternion(axis_angle), rotations.sixd_to_matrix(sixd)
        found += rotations.slerp(R, R, q[..., 0]), rotations.angle_between(R, R), rotations.nearest_rotation(R)
        return R, *found, jax.grad(lambda R: rotations.nearest_rotation(R).sum())(R)

    with jax.enable_x64(True):
        found = jax.eval_shape(everything, *[jax.ShapeDtypeStruct((5, n), dtype) for n in (3, 4, 6)])
        assert {array.dtype for array in found} == {jnp.dtype(dtype)}


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_nearest_rotation_at_every_magnitude(scale, R):
    np.testing.assert_allclose(rotations.nearest_rotation(np.float32(scale) * R), R, atol=2e-6)


def test_nearest_rotation_is_equivariant(R):
    M = np.random.default_rng(1).normal(size=(50, 3, 3)).astype(np.float32)
    expected = rotations.compose(rotations.compose(R[:50], rotations.nearest_rotation(M)), R[50:100])
    turned = rotations.compose(rotations.compose(R[:50], M), R[50:100])
    np.testing.assert_allclose(rotations.nearest_rotation(turned), expected, atol=3e-5)


def test_nearest_rotation_undoes_a_stretch_and_never_mirrors(R):
    stretch = jnp.diag(jnp.array([2.0, 1.0, 0.5]))
    np.testing.assert_allclose(rotations.nearest_rotation(R @ stretch), R, atol=1e-5)
    mirrored = rotations.nearest_rotation(R @ jnp.diag(jnp.array([1.0, 1.0, -0.1])))
    np.testing.assert_allclose(np.linalg.det(mirrored), 1, atol=1e-5)


def test_gradient_of_nearest_rotation():
    assert_gradient(rotations.nearest_rotation, np.random.default_rng(2).normal(size=(3, 3)), atol=1e-6)
    # equal singular values: the gradient of an SVD would be infinite here
    assert np.isfinite(NEAREST_SLOPES(jnp.eye(3))).all()
    assert np.isfinite(NEAREST_SLOPES(jnp.zeros((3, 3)))).all()


def test_swing_takes_one_direction_to_another():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 20, 3)).astype(np.float32)
    a, b = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (a, b))
    R = rotations.shortest_arc(a, b)
    np.testing.assert_allclose(jnp.einsum("nij,nj->ni", R, a), b, atol=1e-4)
    np.testing.assert_allclose(R @ jnp.swapaxes(R, -1, -2), np.broadcast_to(np.eye(3), R.shape), atol=1e-4)
    np.testing.assert_allclose(rotations.shortest_arc(a, a), np.broadcast_to(np.eye(3), R.shape), atol=1e-6)
