import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sm_jax.motion import resample


@pytest.mark.parametrize(("n_frames", "fps", "last"), [(241, 120.0, 240.0), (240, 120.0, 236.0), (10, 30.0, 9.0)])
def test_whole_ratios_read_whole_frames(n_frames, fps, last):
    position = resample.frame_positions(n_frames, fps)
    assert position[-1] == pytest.approx(last)
    np.testing.assert_allclose(np.diff(position), fps / 30)


def test_a_rate_of_the_header_rounded_to_seven_digits_counts_as_whole():
    position = resample.frame_positions(481, 1 / 0.0083333)
    x = np.random.default_rng(0).normal(size=(481, 2, 3))
    assert len(position) == 121
    np.testing.assert_allclose(resample.read_points(x, position), x[::4], atol=1e-2)


def test_points_move_linearly_and_rotations_turn_evenly():
    position = resample.frame_positions(26, 25.0)
    assert len(position) == 31
    angle = np.arange(26) / 25
    points = resample.read_points(np.outer(angle, [1.0, 2.0, 3.0]), position)
    np.testing.assert_allclose(points[:, 0], np.arange(31) / 30, atol=1e-9)
    turned = Rotation.from_rotvec(np.outer(angle, [0, 0, 1.0])).as_matrix()[:, None]
    read = resample.read_rotations(turned, position)
    assert read.shape == (31, 1, 3, 3)
    np.testing.assert_allclose(Rotation.from_matrix(read[:, 0]).as_rotvec()[:, 2], np.arange(31) / 30, atol=1e-9)


def test_a_rate_below_one_is_no_division_by_zero():
    assert len(resample.frame_positions(3, 0.004)) == 15001
