import numpy as np
import pytest

from sm_jax.body.mesh import nearest_on_mesh, nearest_place, vertex_normals

CUBE = np.array([[x, y, z] for x in (-1.0, 1) for y in (-1, 1) for z in (-1, 1)])
QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
CUBE_FACES = np.array([triangle for a, b, c, d in QUADS for triangle in ((a, b, c), (a, c, d))])
TRIANGLE = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize(("point", "nearest"), [
    ((0.2, 0.3, 5), (0.2, 0.3, 0)),  # face
    ((0.4, -2, 1), (0.4, 0, 0)),  # edges
    ((1, 1, -1), (0.5, 0.5, 0)),
    ((-1, 0.5, 0), (0, 0.5, 0)),
    ((-1, -2, 0), (0, 0, 0)),  # corners
    ((3, -1, 2), (1, 0, 0)),
    ((0.1, 4, 0), (0, 1, 0)),
])  # fmt: skip
def test_nearest_place_on_a_triangle(point, nearest):
    place = nearest_place(np.array(point, float), TRIANGLE)
    np.testing.assert_allclose(place @ TRIANGLE, nearest, atol=1e-12)
    assert place.min() >= 0 and place.sum() == pytest.approx(1)


def test_nothing_in_a_triangle_is_nearer():
    rng = np.random.default_rng(0)
    corners, points = rng.normal(size=(200, 3, 3)), 2 * rng.normal(size=(200, 3))
    found = np.einsum("ni,nic->nc", nearest_place(points, corners), corners)
    others = np.einsum("mi,nic->nmc", rng.dirichlet(np.ones(3), 3000), corners)
    gap = np.linalg.norm(found - points, axis=-1) - np.linalg.norm(others - points[:, None], axis=-1).min(1)
    assert gap.max() < 1e-9 and gap.min() > -0.3


@pytest.mark.parametrize(
    "corners", [np.zeros((3, 3)), TRIANGLE[[0, 1, 1]], np.array([[0, 0, 0], [1, 0, 0], [2.0, 0, 0]])]
)
def test_triangles_without_area(corners):
    place = nearest_place(np.array([0.25, 1.0, 0.0]), corners)
    assert np.linalg.norm(place @ corners - (0.25, 1, 0)) == pytest.approx(np.hypot(1, 0 if corners.any() else 0.25))


def test_nearest_on_a_cube():
    face, place = nearest_on_mesh(np.array([[0.3, 0.2, 3], [2, 2, 2]]), CUBE, CUBE_FACES, candidates=12)
    np.testing.assert_allclose(np.einsum("ni,nic->nc", place, CUBE[CUBE_FACES[face]]), [[0.3, 0.2, 1], [1, 1, 1]])


def test_normals_of_a_cube_point_out_of_its_corners():
    np.testing.assert_allclose(vertex_normals(CUBE, CUBE_FACES), CUBE / np.sqrt(3), atol=1e-12)
