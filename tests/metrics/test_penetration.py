"""Depths inside capsules and boxes."""

import numpy as np
import pytest

from sm_jax.metrics import penetration

BOX = np.array([[x, y, z] for x in (-1.0, 1) for y in (-1, 1) for z in (-1, 1)])
QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
BOX_FACES = np.array([triangle for a, b, c, d in QUADS for triangle in ((a, b, c), (a, c, d))])


def test_depth_in_a_capsule():
    points = np.array([[[0, 0, 0.5], [0.05, 0, 0.5], [0.2, 0, 0.5], [0, 0, 1.08], [0, 0, 1.2]]])
    depth = penetration.capsule_depth(points, np.zeros((1, 1, 3)), np.array([[[0, 0, 1.0]]]), np.array([0.1]))
    np.testing.assert_allclose(depth, [[0.1, 0.05, 0, 0.02, 0]], atol=1e-12)


def test_a_capsule_of_no_length_is_a_ball():
    depth = penetration.capsule_depth(np.zeros((1, 1, 3)), np.zeros((1, 1, 3)), np.zeros((1, 1, 3)), np.array([0.1]))
    assert depth == pytest.approx(0.1)


def test_each_body_is_tested_against_the_other():
    points = np.array([[[[0.0, 0, 0]]], [[[5.0, 0, 0]]]])  # both far from the other's capsule, inside their own
    own = points.copy()
    radius = np.full((2, 1), 0.5)
    assert penetration.capsule_penetration(points, own, own, radius) == (0, 0, 0)
    inside = penetration.capsule_penetration(points, own[::-1], own[::-1], radius)
    assert inside == pytest.approx((500, 500, 1))


def test_winding_number_inside_and_outside():
    points = np.array([[0, 0, 0], [0.9, 0.2, 0], [1.1, 0.2, 0], [3, 3, 3.0]])
    np.testing.assert_allclose(penetration.winding_number(points, BOX, BOX_FACES), [1, 1, 0, 0], atol=1e-9)


def test_two_boxes():
    overlap = np.stack([BOX, BOX + 1.9])[:, None]  # one corner of each lies inside the other
    apart = np.stack([BOX, BOX + np.array([3, 0, 0])])[:, None]
    depth = 1000 * 0.1 * np.sqrt(3)
    found = penetration.mesh_penetration(np.concatenate([overlap, apart], axis=1), BOX_FACES)
    assert found == pytest.approx((depth, depth * 2 / 32, 0.5))
    assert penetration.mesh_penetration(apart, BOX_FACES) == (0, 0, 0)


def test_outside_the_mesh_but_inside_its_bounds():
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    depth = penetration.mesh_depth(np.array([[0.9, 0.9, 0.9], [0.1, 0.1, 0.1]]), vertices, faces)
    np.testing.assert_allclose(depth, [0, 0.1 * np.sqrt(3)])
