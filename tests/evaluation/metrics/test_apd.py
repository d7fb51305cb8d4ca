import numpy as np
import pytest

from sm_jax.evaluation.metrics.penetration import average_penetration, mesh_penetration

# A cube's corners and its twelve faces, seen from outside.
CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
FACES = np.array([
    [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
    [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
])  # fmt: skip


def cubes(halves, offset):
    """Two cubes of given half-widths, the second one's centre at an offset: vertices [2, 1, 8, 3]."""
    return np.stack([halves[0] * CORNERS, halves[1] * CORNERS + np.asarray(offset, float)])[:, None]


def by_hand(halves, offset, historical: bool) -> float:
    """Millimetres. Depth in a cube is the distance to its nearest face, read at the place that the code asks for, with
    the trilinear grid's error left out."""
    total = 0.0
    for mine, other, sign in ((0, 1, 1.0), (1, 0, -1.0)):
        own, cube = 1.2 * halves[mine], 1.2 * halves[other]
        width = own if historical else cube
        for corner in halves[mine] * CORNERS - sign * np.asarray(offset):
            place = corner / width * cube  # where in the other's grid the code looks
            depth = max(0.0, halves[other] - np.abs(place).max())
            total += depth / cube * width
    return 1e3 * total / 16


SAME = ((0.5, 0.5), (0.7, 0.7, 0.7))
DIFFERENT = ((0.2, 0.6), (0.5, 0.1, 0.15))


@pytest.mark.parametrize(("halves", "offset"), [SAME, DIFFERENT])
def test_both_kinds_by_hand_computation(halves, offset):
    found = average_penetration(cubes(halves, offset), FACES)
    assert found.corrected_mm == pytest.approx(by_hand(halves, offset, historical=False), rel=0.03)
    assert found.historical_mm == pytest.approx(by_hand(halves, offset, historical=True), rel=0.03)
    assert found.corrected_mm > 1.0


def test_the_published_code_is_right_for_equal_cubes_only():
    same, different = (average_penetration(cubes(*case), FACES) for case in (SAME, DIFFERENT))
    assert same.historical_mm == pytest.approx(same.corrected_mm)
    assert abs(different.historical_mm - different.corrected_mm) > 0.3 * different.corrected_mm


def test_the_corrected_one_is_the_exact_mean_depth_but_for_the_grid():
    vertices = cubes(*DIFFERENT)
    exact = mesh_penetration(vertices, FACES)
    assert average_penetration(vertices, FACES).corrected_mm == pytest.approx(exact.mean_mm, rel=0.03)


def test_apart_is_zero():
    assert average_penetration(cubes((0.5, 0.5), (2.0, 0, 0)), FACES) == (0.0, 0.0)
