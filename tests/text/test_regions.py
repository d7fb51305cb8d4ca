import numpy as np

from sm_jax.body.skeleton import SIDED_REGIONS, mirror_permutation
from sm_jax.text.regions import RADIUS, region_distances, region_points, trunk_axes
from tests.text.figures import pair, reach, standing, turned


def test_trunk_axes_follow_the_figure():
    forward, left = trunk_axes(turned(standing(), 90))
    np.testing.assert_allclose(forward, [-1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(left, [0, -1, 0], atol=1e-6)


def test_front_is_in_front_and_sides_mirror():
    points = region_points(standing())
    at = dict(zip(SIDED_REGIONS, points.mean(axis=1), strict=True))
    assert at["chest"][1] > 0.04 > -0.04 > at["back"][1]
    assert at["head"][2] > at["neck"][2] > at["chest"][2] > at["belly"][2]
    mirrored = points[list(mirror_permutation(SIDED_REGIONS))] * np.array([-1.0, 1.0, 1.0])
    np.testing.assert_allclose(np.sort(mirrored[..., 0], axis=1), np.sort(points[..., 0], axis=1), atol=1e-6)


def test_distances_are_between_surfaces():
    joints = pair(apart=1.0, frames=300)
    reach(joints[0], "right", joints[1, 0, 9] + np.array([0.0, -0.08, 0.0]))
    distance = region_distances(joints)
    assert distance.shape == (300, 22, 22)
    hand, chest = SIDED_REGIONS.index("right_hand"), SIDED_REGIONS.index("chest")
    assert abs(distance[0, hand, chest]) < 0.1
    assert abs(distance[0, chest, chest] - (1.0 - 2 * (0.06 + 0.08))) < 0.05
    np.testing.assert_allclose(distance[299], distance[0], atol=1e-5)
    np.testing.assert_allclose(region_distances(joints[::-1]), distance.transpose(0, 2, 1), atol=1e-5)
    assert (RADIUS > 0).all()
