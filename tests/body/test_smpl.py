import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.lib.random_body import random_arrays
from sm_jax.body import skeleton, smpl
from sm_jax.body.io import load_body
from sm_jax.body.smpl import Body
from sm_jax.geometry import rotations
from sm_jax.types import Motion
from tests.body.models import random_motion, rest_motion


@pytest.fixture(scope="module")
def body() -> Body:
    return load_body("open-low")


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory) -> Body:
    path = tmp_path_factory.mktemp("body") / "random.npz"
    np.savez(path, **random_arrays())
    return load_body(path)


def reference(arrays: dict, motion, p: int, t: int) -> tuple[np.ndarray, np.ndarray]:
    """Joints and vertices of one frame in plain NumPy: SMPL's formulas joint after joint, with 4 x 4 matrices."""
    betas = np.asarray(motion.betas[p], np.float64)
    shaped = arrays["v_template"] + arrays["shapedirs"][..., : len(betas)] @ betas
    rest = arrays["J_regressor"] @ shaped
    local = np.concatenate([motion.global_orient[p, t][None], motion.body_pose[p, t]]).astype(np.float64)
    shaped = shaped + arrays["posedirs"] @ (local[1:] - np.eye(3)).ravel()
    world = np.zeros((24, 4, 4))
    for j, parent in enumerate(skeleton.PARENTS):
        step = np.eye(4)
        step[:3, :3] = local[j]
        step[:3, 3] = rest[j] - rest[parent] if j else motion.pelvis[p, t]
        world[j] = world[parent] @ step if j else step
    joints = world[:, :3, 3].copy()
    world[:, :3, 3] -= np.einsum("jab,jb->ja", world[:, :3, :3], rest)
    skin = np.einsum("vj,jab->vab", arrays["weights"], world)
    return joints, np.einsum("vab,vb->va", skin[:, :3, :3], shaped) + skin[:, :3, 3]


@jax.jit
def read_all(body, motion):
    posed = smpl.pose(body, motion)
    read = (smpl.keypoints, smpl.surface_points, smpl.vertices)
    return posed, *(function(body, posed) for function in read)


def test_joints_and_vertices_are_smpls(synthetic):
    motion = random_motion()
    posed, _, _, vertices = read_all(synthetic, motion)
    for p, t in ((0, 0), (1, 2)):
        joints, skin = reference(random_arrays(), motion, p, t)
        np.testing.assert_allclose(posed.joints[p, t], joints, atol=1e-5)
        np.testing.assert_allclose(vertices[p, t], skin, atol=1e-5)


def test_surface_points_are_the_vertices_they_name(synthetic):
    _, _, points, vertices = read_all(synthetic, random_motion())
    np.testing.assert_allclose(points, vertices[:, :, synthetic.surface_index], atol=1e-5)


def test_rest_pose_is_the_template(body):
    pelvis = jnp.broadcast_to(body.joint_template[:1], (2, 3, 3))
    posed, keypoints, _, vertices = read_all(body, dataclasses.replace(rest_motion(T=3), pelvis=pelvis))
    np.testing.assert_allclose(vertices[1, 1], body.v_template, atol=1e-6)
    np.testing.assert_allclose(posed.joints[0, 0], body.joint_template, atol=1e-6)
    np.testing.assert_allclose(keypoints[0, 0], body.keypoint_template, atol=1e-6)


def test_body_keypoints_are_their_joints(body):
    posed, keypoints, _, _ = read_all(body, random_motion())
    for name in ("left_shoulder", "right_wrist", "left_knee", "right_hand"):
        k, j = skeleton.KEYPOINTS.index(name), skeleton.JOINTS.index(name)
        np.testing.assert_allclose(keypoints[:, :, k], posed.joints[:, :, j], atol=1e-6)


def test_moving_the_person_moves_everything(body):
    motion = random_motion()
    R, t = motion.global_orient[0, 0], jnp.array([1.0, -2.0, 0.5])

    def moved(x):
        return jnp.einsum("ij,...j->...i", R, x) + t.reshape((1,) * (x.ndim - 1) + (3,))

    other = dataclasses.replace(motion, global_orient=R[None, None] @ motion.global_orient, pelvis=moved(motion.pelvis))
    before, after = read_all(body, motion), read_all(body, other)
    for there, here in zip(after[1:], before[1:], strict=True):
        np.testing.assert_allclose(there, moved(here), atol=1e-5)


def test_bones_keep_their_length(body):
    posed, *_ = read_all(body, random_motion())
    parents = np.array(skeleton.PARENTS[1:])
    length = np.linalg.norm(posed.joints[:, :, 1:] - posed.joints[:, :, parents], axis=-1)
    rest = np.linalg.norm(posed.rest_joints[:, 1:] - posed.rest_joints[:, parents], axis=-1)
    np.testing.assert_allclose(length, np.broadcast_to(rest[:, None], length.shape), atol=1e-5)


def test_batched_motions_equal_single_ones(body):
    motions = [random_motion(seed=seed) for seed in (0, 1)]
    together = read_all(body, jax.tree.map(lambda *x: jnp.stack(x), *motions))
    for many, one in zip(together[1:], read_all(body, motions[1])[1:], strict=True):
        np.testing.assert_allclose(many[1], one, atol=1e-5)


def test_body_is_an_argument_and_a_new_one_does_not_recompile(body):
    count = []

    @jax.jit
    def joints(body, motion):
        count.append(1)
        return smpl.pose(body, motion).joints

    motion = random_motion()
    joints(body, motion)
    joints(jax.tree.map(lambda x: x, body), motion)
    assert len(count) == 1


def test_gradients_are_finite_at_the_rest_pose(body):
    def cost(motion):
        return jnp.sum(jnp.square(smpl.vertices(body, smpl.pose(body, motion))))

    gradient = jax.jit(jax.grad(cost))(rest_motion())
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


def test_gradient_equals_finite_difference(body):
    motion = random_motion()

    def cost(betas, pelvis):
        moved = dataclasses.replace(motion, betas=betas, pelvis=pelvis)
        return jnp.mean(jnp.square(smpl.surface_points(body, smpl.pose(body, moved))))

    cost = jax.jit(cost)
    gradient = jax.jit(jax.grad(cost, argnums=(0, 1)))(motion.betas, motion.pelvis)
    step = 1e-2
    for k in (0, 7):
        change = jnp.zeros_like(motion.betas).at[1, k].set(step)
        difference = (cost(motion.betas + change, motion.pelvis) - cost(motion.betas - change, motion.pelvis)) / (
            2 * step
        )
        np.testing.assert_allclose(gradient[0][1, k], difference, rtol=2e-2, atol=1e-5)


def test_flat_feet_have_their_clearance_over_the_sole(body):
    clearance = smpl.foot_clearance(body, jnp.zeros((2, 10)))
    assert clearance.shape == (2, 4)
    assert (clearance[:, :2] > 0.05).all() and (clearance[:, :2] < 0.12).all()  # ankles
    assert (clearance[:, 2:] > 0.0).all() and (clearance[:, 2:] < 0.05).all()  # toe roots


@pytest.mark.parametrize("read", [lambda _, posed: posed.joints, smpl.surface_points, smpl.vertices])
def test_gradients_are_finite_at_degenerate_rotations(body, read):
    angles = jnp.array([0.0, 1e-20, jnp.pi, 2 * jnp.pi])
    flat = dataclasses.replace(body, joint_template=0 * body.joint_template, joint_shapedirs=0 * body.joint_shapedirs)

    def cost(axis_angle, betas, body):
        R = rotations.axis_angle_to_matrix(axis_angle)
        moved = Motion(global_orient=R[:, :, 0], body_pose=R[:, :, 1:], pelvis=jnp.zeros((2, 4, 3)), betas=betas)
        return jnp.sum(jnp.square(read(body, smpl.pose(body, moved))))

    gradient = jax.jit(jax.grad(cost, argnums=(0, 1)))
    axis_angle = jnp.zeros((2, 4, 24, 3)).at[..., 1].set(angles[None, :, None])
    for model in (body, flat):  # all joints of the second one coincide
        assert all(np.isfinite(x).all() for x in gradient(axis_angle, jnp.zeros((2, 10)), model))


def test_half_precision_in_is_half_precision_out(body):
    def half(tree):
        return jax.tree.map(lambda x: x.astype(jnp.bfloat16) if x.dtype == jnp.float32 else x, tree)

    motion = random_motion()
    exact, rough = read_all(body, motion), read_all(half(body), half(motion))
    for a, b in zip(jax.tree.leaves(exact[1:]), jax.tree.leaves(rough[1:]), strict=True):
        assert b.dtype == jnp.bfloat16
        np.testing.assert_allclose(b.astype(jnp.float32), a, atol=0.08)


def test_joints_do_not_touch_a_vertex(body):
    def made(read):
        jaxpr = jax.make_jaxpr(lambda motion: read(body, smpl.pose(body, motion)))(random_motion())
        return {size for equation in jaxpr.eqns for var in equation.outvars for size in var.aval.shape}

    V = len(body.v_template)
    assert V not in made(lambda _, posed: posed.joints) and V in made(smpl.vertices)


def test_surface_points_can_be_differentiated_forwards(body):
    motion = random_motion()
    read = lambda pelvis: smpl.surface_points(body, smpl.pose(body, dataclasses.replace(motion, pelvis=pelvis)))  # noqa: E731
    _, velocity = jax.jvp(read, (motion.pelvis,), (jnp.ones_like(motion.pelvis),))
    np.testing.assert_allclose(velocity, jnp.ones_like(velocity), atol=1e-5)
