"""Normals, skinning weights and tints."""

import numpy as np

from sm_jax.export import mesh


def test_normals_of_a_tetrahedron():
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [9, 9, 9]])  # the last one has no face
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    normals = mesh.vertex_normals(np.stack([vertices, 2 * vertices]), faces)
    np.testing.assert_allclose(normals[0, 0], -np.ones(3) / np.sqrt(3))
    np.testing.assert_allclose(normals[0, 1], np.array([1, 0, 0]), atol=1e-12)
    np.testing.assert_allclose(normals[0, 4], [0, 0, 1])
    np.testing.assert_allclose(normals[0], normals[1])


def test_the_bodys_normals_point_outwards(body):
    vertices = mesh.rest_vertices(body, np.zeros(10, np.float32))
    normals = mesh.vertex_normals(vertices, body.faces)
    chest = np.argmin(np.linalg.norm(vertices - np.array([0, 0.35, 0.15]), axis=-1))
    assert normals[chest, 2] > 0.8
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=1e-5)


def test_strongest_joints():
    weights = np.array([[0.1, 0.2, 0.3, 0.25, 0.15], [0, 0, 1, 0, 0]])
    joints, strength = mesh.strongest_joints(weights)
    np.testing.assert_array_equal(joints, [[2, 3, 1, 4], [2, 0, 0, 0]])
    np.testing.assert_allclose(strength * [[0.9], [1]], [[0.3, 0.25, 0.2, 0.15], [1, 0, 0, 0]], rtol=1e-6)


def test_joint_share_follows_the_joints(body, content):
    share = mesh.joint_share(body, content.infilled)
    hand = np.asarray(body.weights)[:, 22] > 0.99
    assert hand.any()
    np.testing.assert_allclose(share[0, 2:4][:, hand], 1, atol=0.02)
    assert not share[1].any() and not share[0, 0].any()
