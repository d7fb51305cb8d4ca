"""Inside and depth on closed, open and self-intersecting meshes; trimesh checks them where it is installed."""

import numpy as np
import pytest

from sm_jax.evaluation.metrics import penetration
from tests.body.test_mesh import CUBE, CUBE_FACES


def sphere(n: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Vertices on the unit sphere and faces that point out: rings of 2n, closed by a fan at either pole."""
    height, around = np.pi * (np.arange(1, n) / n), 2 * np.pi * np.arange(2 * n) / (2 * n)
    ring = np.stack(np.broadcast_arrays(
        np.sin(height)[:, None] * np.cos(around), np.sin(height)[:, None] * np.sin(around), np.cos(height)[:, None]
    ), axis=-1).reshape(-1, 3)  # fmt: skip
    vertices = np.concatenate([ring, [[0, 0, 1], [0, 0, -1]]])
    i = np.arange((n - 1) * 2 * n).reshape(n - 1, -1)
    a, b, c, d = i[:-1], np.roll(i, -1, 1)[:-1], i[1:], np.roll(i, -1, 1)[1:]
    caps = [np.stack(np.broadcast_arrays(len(ring), i[0], np.roll(i[0], -1)), -1),
            np.stack(np.broadcast_arrays(len(ring) + 1, np.roll(i[-1], -1), i[-1]), -1)]  # fmt: skip
    sides = [np.stack([a, c, d], -1).reshape(-1, 3), np.stack([a, d, b], -1).reshape(-1, 3)]
    return vertices, np.concatenate([*sides, *caps])


SPHERE, SPHERE_FACES = sphere()
POINTS = np.random.default_rng(0).uniform(-1.3, 1.3, (400, 3))


def test_winding_number_inside_and_outside_a_cube():
    points = np.array([[0, 0, 0], [0.9, 0.2, 0], [1.1, 0.2, 0], [3, 3, 3.0]])
    np.testing.assert_allclose(penetration.winding_number(points, CUBE, CUBE_FACES), [1, 1, 0, 0], atol=1e-9)


def test_winding_number_of_a_sphere_of_many_patches():
    found = penetration.winding_number(POINTS, SPHERE, SPHERE_FACES)
    radius = np.linalg.norm(POINTS, axis=1)
    sure = np.abs(radius - 0.995) > 0.006
    np.testing.assert_allclose(found[sure], radius[sure] < 1, atol=1e-9)


@pytest.mark.parametrize("missing", [0, 1, 300])
def test_patches_change_nothing_not_even_with_holes(missing):
    faces = np.random.default_rng(1).permutation(SPHERE_FACES)[missing:]
    every = penetration.solid_angle(POINTS, SPHERE[faces])
    np.testing.assert_allclose(penetration.winding_number(POINTS, SPHERE, faces), every, atol=1e-12)
    tree = penetration.patches(SPHERE, faces)
    squeezed = SPHERE * (1, 0.5, 2)
    np.testing.assert_allclose(
        penetration.winding_number(POINTS, squeezed, faces, tree),
        penetration.solid_angle(POINTS, squeezed[faces]), atol=1e-12,
    )  # fmt: skip


def test_a_mesh_that_cuts_through_itself_is_inside_where_either_part_is():
    vertices = np.concatenate([CUBE, CUBE + np.array([1, 0, 0])])
    faces = np.concatenate([CUBE_FACES, CUBE_FACES + 8])
    points = np.array([[-0.5, 0, 0], [0.5, 0, 0], [1.5, 0, 0], [2.5, 0, 0]])
    np.testing.assert_allclose(penetration.winding_number(points, vertices, faces), [1, 2, 1, 0], atol=1e-9)
    np.testing.assert_allclose(penetration.mesh_depth(points, vertices, faces), [0.5, 0.5, 0.5, 0], atol=1e-9)


def test_a_hole_does_not_turn_the_body_inside_out():
    found = penetration.winding_number(np.array([[0, 0, -0.5], [0, 0, -1.5], [2, 0, 0.5]]), CUBE, CUBE_FACES[:-2])
    np.testing.assert_array_equal(found > 0.5, [True, False, False])


def test_distance_to_a_cube_inside_and_out():
    outside = np.linalg.norm(np.maximum(np.abs(POINTS) - 1, 0), axis=1)
    expected = np.where(outside > 0, outside, 1 - np.abs(POINTS).max(1))
    np.testing.assert_allclose(penetration.surface_distance(POINTS, CUBE, CUBE_FACES), expected, atol=1e-12)


def test_distance_to_a_sphere():
    found = penetration.surface_distance(POINTS, SPHERE, SPHERE_FACES)
    np.testing.assert_allclose(found, np.abs(np.linalg.norm(POINTS, axis=1) - 1), atol=0.009)
    assert penetration.surface_distance(SPHERE, SPHERE, SPHERE_FACES).max() < 1e-12


def test_long_thin_triangles_are_found():
    """The triangle that is nearest need not have the nearest centre."""
    vertices = np.array([[-9.0, 0, 0], [9, 0, 0], [9, 0.1, 0], [0, 0, 1], [0.1, 0, 1], [0, 0.1, 1]])
    point = np.array([[8.5, 0.01, 0.2], [0, 0, 0.9]])
    np.testing.assert_allclose(
        penetration.surface_distance(point, vertices, np.array([[0, 1, 2], [3, 4, 5]])), [0.2, 0.1]
    )


def test_depth_and_inside_agree_with_trimesh():
    trimesh = pytest.importorskip("trimesh")
    mesh = trimesh.creation.torus(0.7, 0.3, 24, 12)
    depth = penetration.mesh_depth(POINTS, mesh.vertices, mesh.faces)
    nearest = trimesh.triangles.closest_point(np.repeat(mesh.triangles[None], 400, 0).reshape(-1, 3, 3),
                                              np.repeat(POINTS, len(mesh.faces), 0))  # fmt: skip
    distance = np.linalg.norm(nearest.reshape(400, -1, 3) - POINTS[:, None], axis=-1).min(1)
    inside = np.hypot(np.linalg.norm(POINTS[:, :2], axis=1) - 0.7, POINTS[:, 2]) < 0.3
    sure = distance > 0.02
    np.testing.assert_array_equal((depth > 0)[sure], inside[sure])
    np.testing.assert_allclose(depth[depth > 0], distance[depth > 0], atol=1e-9)


def test_two_cubes():
    overlap = np.stack([CUBE, CUBE + 1.9])[:, None]  # one corner of each lies inside the other
    apart = np.stack([CUBE, CUBE + np.array([3, 0, 0])])[:, None]
    found = penetration.mesh_penetration(np.concatenate([overlap, apart], axis=1), CUBE_FACES)
    assert found == pytest.approx((100, 100 * 2 / 32, 0.5))
    assert penetration.mesh_penetration(apart, CUBE_FACES) == (0, 0, 0)


def test_outside_the_mesh_but_inside_its_bounds():
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    depth = penetration.mesh_depth(np.array([[0.9, 0.9, 0.9], [0.1, 0.2, 0.15]]), vertices, faces)
    np.testing.assert_allclose(depth, [0, 0.1])
