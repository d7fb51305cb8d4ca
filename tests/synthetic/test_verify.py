"""Only the frames in which skins really touch are kept."""

import numpy as np
import pytest

from sm_jax.synthetic.verify import gaps, verified, vertices
from sm_jax.types import Contact, Motion

FRAMES = 64


@pytest.fixture(scope="module")
def motion(body):
    """Two T-poses face to face that come together and part, chests 0.2 m apart at the ends."""
    eye = np.broadcast_to(np.eye(3, dtype=np.float32), (2, FRAMES, 24, 3, 3))
    turn = np.zeros((2, FRAMES, 3, 3), np.float32)
    turn[0], turn[1] = [[0, 0, 1], [1, 0, 0], [0, 1, 0]], [[0, 0, -1], [-1, 0, 0], [0, 1, 0]]
    pelvis = np.zeros((2, FRAMES, 3), np.float32)
    apart = 0.2 * np.abs(np.linspace(-1, 1, FRAMES))
    front = np.asarray(body.v_template)[:, 2].max()
    pelvis[0, :, 0], pelvis[1, :, 0] = -apart / 2 - front, apart / 2 + front
    betas = np.zeros((2, body.shapedirs.shape[-1]), np.float32)
    return Motion(global_orient=turn, body_pose=eye[:, :, 1:], pelvis=pelvis, betas=betas)


def test_gaps_are_distances_between_skins(body, motion):
    gap = gaps(body, vertices(body, motion), Contact(region_a="foot", region_b="foot", end=FRAMES))
    np.testing.assert_allclose(gap, 0.2 * np.abs(np.linspace(-1, 1, FRAMES)), atol=0.01)


def test_spans_are_cut_to_what_is_true(body, motion):
    said = Contact(region_a="foot", side_a="left", region_b="foot", side_b="right", end=FRAMES)
    (kept,) = verified(body, motion, [said, Contact(region_a="head", region_b="foot", end=FRAMES)])
    assert (kept.region_a, kept.side_b) == ("foot", "right")
    assert 12 < kept.start < 28 and 36 < kept.end < 52
    assert verified(body, motion, []) == ()
