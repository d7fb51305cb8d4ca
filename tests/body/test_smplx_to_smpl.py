import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.lib.random_body import random_arrays
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.smplx_to_smpl import FAMILIES, parents, shape_components
from tests.body import families
from tests.body.models import random_motion

# joints, shapedirs of the file, how many of them are shape
CASES = [(52, 10, 10), (52, 16, 16), (55, 20, 10), (55, 400, 300)]


@pytest.mark.parametrize("J", families.PARENTS)
def test_trees_are_those_written_out(J):
    assert parents(J) == families.PARENTS[J]


def body_motion(N: int):
    """A motion whose hand joints rest."""
    motion = random_motion(T=2, N=N)
    return dataclasses.replace(
        motion, body_pose=jnp.asarray(motion.body_pose).at[:, :, 21:].set(jnp.eye(3)), betas=0.3 * motion.betas
    )


@pytest.mark.parametrize(("J", "N", "shapes"), CASES)
def test_the_body_is_the_full_model_with_flat_hands_and_a_neutral_face(tmp_path, J, N, shapes):
    file = families.random_file(J, N)
    np.savez(tmp_path / "model.npz", **file)
    body, motion = load_body(tmp_path / "model.npz", betas=300), body_motion(shapes)
    assert body.shapedirs.shape[-1] == shapes

    @jax.jit
    def both(body, motion):
        posed = smpl.pose(body, motion)
        return smpl.vertices(body, posed), posed.joints

    vertices, joints = both(body, motion)
    for p, t in ((0, 0), (1, 1)):
        rotations = np.concatenate([motion.global_orient[p, t][None], motion.body_pose[p, t, :21]]).astype(float)
        expected = families.posed(file, rotations, np.asarray(motion.betas[p], float), np.asarray(motion.pelvis[p, t]))
        np.testing.assert_allclose(vertices[p, t], expected[0], atol=1e-5)
        np.testing.assert_allclose(joints[p, t, :22], expected[1][:22], atol=1e-5)
        for side in (0, 1):  # the knuckles: first joints of index, middle, pinky and ring
            knuckles = J - 30 + 15 * side + np.array([0, 3, 6, 9])
            np.testing.assert_allclose(joints[p, t, 22 + side], expected[1][knuckles].mean(axis=0), atol=1e-5)


def test_the_reference_is_smpls_for_smpl(tmp_path):
    """The formula that the others are held to, held itself to the layer at 24 joints."""
    file = random_arrays()
    families.PARENTS[24] = parents(24)
    np.savez(tmp_path / "model.npz", **file)
    body, motion = load_body(tmp_path / "model.npz"), body_motion(10)
    found = jax.jit(lambda body, motion: smpl.vertices(body, smpl.pose(body, motion)))(body, motion)
    rotations = np.concatenate([motion.global_orient[0, 0][None], motion.body_pose[0, 0, :21]]).astype(float)
    expected, _ = families.posed(file, rotations, np.asarray(motion.betas[0], float), np.asarray(motion.pelvis[0, 0]))
    np.testing.assert_allclose(found[0, 0], expected, atol=1e-5)


def test_every_weight_stays_with_someone(tmp_path):
    np.savez(tmp_path / "model.npz", **families.random_file(55, 20))
    weights = np.asarray(load_body(tmp_path / "model.npz").weights)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    original = families.random_file(55, 20)["weights"]
    np.testing.assert_allclose(weights[:, 15], original[:, [15, 22, 23, 24]].sum(axis=1), atol=1e-6)
    np.testing.assert_allclose(
        weights[:, 22:], np.stack([original[:, 25:40].sum(1), original[:, 40:].sum(1)], 1), atol=1e-6
    )


def test_a_turned_hand_moves_fingers_and_nothing_else(tmp_path):
    np.savez(tmp_path / "model.npz", **families.random_file(52, 10))
    body, motion = load_body(tmp_path / "model.npz"), body_motion(10)
    turned = dataclasses.replace(
        motion, body_pose=jnp.asarray(motion.body_pose).at[:, :, 21].set(jnp.diag(jnp.array([1.0, -1, -1])))
    )
    vertices = jax.jit(lambda motion: smpl.vertices(body, smpl.pose(body, motion)))
    moved = np.linalg.norm(vertices(turned) - vertices(motion), axis=-1)[0, 0]
    finger = families.random_file(52, 10)["weights"][:, 22:37].sum(axis=1) > 0
    assert moved[finger].min() > 0 and moved[~finger].max() == 0


def test_expressions_are_never_taken_for_shape():
    assert [shape_components(55, n) for n in (10, 16, 20, 300, 400, 50)] == [10, 16, 10, 300, 300, None]
    assert [shape_components(J, 300) for J in FAMILIES] == [300, 300, 300]
