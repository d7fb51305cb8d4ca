import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import skeleton
from sm_jax.energies.limits import flexion, limits
from sm_jax.geometry import rotations
from tests.energies.checks import assert_finite_gradient, assert_gradient, noise, wide

T = 2
MASK = np.ones(T, np.float32)
# flexes the joint by a positive angle, in SMPL's rest pose
FLEXING = {"left_knee": [1, 0, 0], "right_knee": [1, 0, 0], "left_elbow": [0, -1, 0], "right_elbow": [0, 1, 0]}


def bent(name: str, degrees: float, axis: list) -> jax.Array:
    axis_angle = np.zeros((2, T, 23, 3), np.float32)
    axis_angle[:, :, skeleton.JOINTS.index(name) - 1] = np.radians(degrees) * np.array(axis)
    return rotations.axis_angle_to_matrix(axis_angle)


@pytest.mark.parametrize("name", FLEXING)
@pytest.mark.parametrize(("degrees", "allowed"), [(0, True), (120, True), (-5, True), (-40, False), (170, False)])
def test_hinges_bend_one_way(name, degrees, allowed):
    assert (jax.jit(limits)(bent(name, degrees, FLEXING[name]), MASK) == 0) == allowed


@pytest.mark.parametrize("name", FLEXING)
def test_flexion_is_the_signed_angle(name):
    k = list(FLEXING).index(name)
    for degrees in (-60.0, 30.0, 110.0):
        np.testing.assert_allclose(flexion(bent(name, degrees, FLEXING[name]))[0, 0, k], np.radians(degrees), atol=1e-5)


def test_no_neck_turns_round():
    assert limits(bent("neck", 50, [0, 1, 0]), MASK) == 0
    assert limits(bent("neck", 120, [0, 1, 0]), MASK) > limits(bent("neck", 80, [0, 1, 0]), MASK) > 0


def test_descent_straightens_a_broken_knee():
    index = skeleton.JOINTS.index("left_knee") - 1

    def energy(angle):
        R = jnp.broadcast_to(jnp.eye(3), (2, T, 23, 3, 3))
        knee = rotations.axis_angle_to_matrix(angle * jnp.array([1.0, 0.0, 0.0]))
        return limits(R.at[:, :, index].set(knee[None, None]), MASK)

    assert jax.jit(jax.grad(energy))(jnp.array(-0.8)) < 0


def test_a_bone_that_leaves_the_plane_of_its_hinge_is_no_emergency():
    """Where the forearm points along the elbow's axis its bend has no direction: no jump, no steep slope."""
    elbow = skeleton.JOINTS.index("left_elbow") - 1

    def cost(axis_angle):
        turned = jnp.zeros((2, T, 23, 3)).at[:, :, elbow].set(axis_angle[None, None])
        return limits(rotations.axis_angle_to_matrix(turned), MASK)

    for wobble in (1e-7, 1e-4, 1e-2):
        value, slope = jax.jit(jax.value_and_grad(cost))(jnp.array([0.0, wobble, np.pi / 2 + wobble]))
        assert value < 0.01 and np.abs(slope).max() < 0.5


def test_left_and_right_bend_alike():
    axis_angle = 1.5 * noise(2, T, 23, 3)
    joints = np.array(skeleton.mirror_permutation(skeleton.JOINTS))[1:] - 1
    mirrored = axis_angle[:, :, joints] * np.array([1, -1, -1], np.float32)
    left, right = (limits(rotations.axis_angle_to_matrix(x), MASK) for x in (axis_angle, mirrored))
    np.testing.assert_allclose(left, right, rtol=1e-5)


def test_padding_does_not_count():
    pose = bent("neck", 120, [0, 1, 0])
    assert limits(pose, 0 * MASK) == 0


def test_gradient():
    pose = 1.5 * noise(2, T, 23, 3)
    assert_gradient(lambda x: limits(rotations.axis_angle_to_matrix(x), wide(MASK)), pose)
    for degenerate in (np.zeros((2, T, 23, 3)), np.full((2, T, 23, 3), np.pi / np.sqrt(3))):
        assert_finite_gradient(lambda x: limits(rotations.axis_angle_to_matrix(x), MASK), degenerate)
