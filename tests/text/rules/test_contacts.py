import numpy as np

from sm_jax.text.describers.describer import DescriberInput
from sm_jax.text.rules.contacts import find_contacts, spans
from tests.text.figures import pair, reach


def scene(joints: np.ndarray, visibility: float = 1.0) -> DescriberInput:
    return DescriberInput(joints=joints, visibility=np.full(joints.shape[:3], visibility), fps=30.0)


def handshake() -> np.ndarray:
    """Right hands meet in frames 10 to 20."""
    joints = pair(apart=1.0)
    for person in range(2):
        reach(joints[person, 10:20], "right", np.array([0.0, 0.5, 1.1]))
    return joints


def test_people_apart_touch_nowhere():
    assert find_contacts(scene(pair(apart=1.0))) == ()


def test_a_handshake_is_one_contact_of_hands_at_its_time():
    contacts = find_contacts(scene(handshake()))
    assert [(c.side_a, c.region_a, c.side_b, c.region_b) for c in contacts] == [("right", "hand", "right", "hand")]
    assert (contacts[0].start, contacts[0].end, contacts[0].person_a) == (10, 20, 0)
    assert contacts[0].confidence > 0.8


def test_what_is_hidden_is_no_evidence():
    assert find_contacts(scene(handshake(), visibility=0.1)) == ()
    one_hidden = np.stack([np.ones((30, 24)), np.zeros((30, 24))])
    for visibility in (one_hidden, one_hidden[::-1]):
        assert find_contacts(DescriberInput(joints=handshake(), visibility=visibility, fps=30.0)) == ()
    half = find_contacts(scene(handshake(), visibility=0.5))
    assert 0.1 < half[0].confidence < 0.3


def test_swapping_the_people_swaps_the_regions():
    joints = pair(apart=0.6)
    reach(joints[0], "left", joints[1, 0, 16] + np.array([0.0, -0.06, 0.0]))
    there = [(c.side_a, c.region_a, c.side_b, c.region_b) for c in find_contacts(scene(joints))]
    back = [(c.side_b, c.region_b, c.side_a, c.region_a) for c in find_contacts(scene(joints[::-1]))]
    assert ("left", "hand", "left", "shoulder") in there
    assert sorted(there, key=str) == sorted(back, key=str)


def test_spans_join_small_gaps_and_drop_the_short():
    active = np.array([0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0], bool)
    assert spans(active, fps=1.0, gap=1.0, shortest=2.0) == [(1, 6)]
    assert spans(active, fps=1.0, gap=0.0, shortest=1.0) == [(1, 3), (4, 6), (10, 11)]
    assert spans(np.ones(4, bool), fps=1.0, gap=0.0, shortest=1.0) == [(0, 4)]
