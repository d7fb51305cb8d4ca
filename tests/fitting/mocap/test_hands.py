import numpy as np
import pytest

from sm_jax.fitting.mocap import hands
from sm_jax.types import Contact

FPS = 30


def figure(offset: np.ndarray) -> np.ndarray:
    """Joints far apart, but person 0's left hand `offset` [T] metres from person 1's right hand."""
    joints = np.zeros((2, len(offset), 24, 3))
    joints[1, ..., 1] = 5.0
    joints[0, :, 22], joints[1, :, 23] = [0, 2, 1], [0, 2, 1]
    joints[1, :, 23, 0] += offset
    return joints


def test_a_small_lasting_gap_is_a_hold():
    offset = np.concatenate([np.full(40, 1.0), np.full(30, 0.2), np.full(40, 1.0)])
    holds = hands.held_frames(hands.find_holds(figure(offset), FPS), len(offset))
    assert holds[45:65, 0, 1].all()
    assert not holds[:35].any()
    assert not holds[75:].any()
    assert not holds[:, 0, 0].any()
    assert not holds[:, 1].any()


@pytest.mark.parametrize(
    "offset",
    [
        np.concatenate([np.full(40, 1.0), np.full(6, 0.1), np.full(40, 1.0)]),  # too short
        np.full(80, 0.3),  # never near
        0.35 * np.sin(np.arange(80) / 2),  # passing by, again and again
    ],
)
def test_passing_hands_are_not(offset):
    assert hands.find_holds(figure(offset), FPS) == ()


def test_of_two_candidates_the_nearer_hand_wins():
    joints = figure(np.full(60, 0.2))
    joints[1, :, 22] = joints[0, :, 22] + [0, 0, 0.1]
    holds = hands.held_frames(hands.find_holds(joints, FPS), 60)
    assert holds[:, 0, 0].all()
    assert not holds[:, 0, 1].any()


def test_a_hold_is_a_contact_with_sides():
    (hold,) = hands.find_holds(figure(np.full(60, 0.2)), FPS)
    assert hold == Contact(region_a="hand", side_a="left", region_b="hand", side_b="right", start=0, end=60)


def test_only_the_frames_in_which_knuckles_are_together_remain():
    joints = figure(np.concatenate([np.full(30, 0.06), np.full(30, 0.3)]))
    (hold,) = hands.touching(hands.find_holds(joints, FPS), joints)
    assert (hold.start, hold.end) == (0, 30)


def test_held_frames_know_whose_hand_it_is_and_pass_over_other_contacts():
    swapped = Contact(region_a="hand", side_a="right", region_b="hand", side_b="left", person_a=1, start=2, end=4)
    other = Contact(region_a="hand", side_a="right", region_b="back", start=0, end=9)
    held = hands.held_frames((swapped, other), 9)
    assert np.argwhere(held).tolist() == [[2, 0, 1], [3, 0, 1]]


def test_gaps_are_of_every_pair_of_hands():
    gaps = hands.hand_gaps(figure(np.full(3, 0.2)))
    assert gaps.shape == (3, 2, 2)
    np.testing.assert_allclose(gaps[:, 0, 1], 0.2)
