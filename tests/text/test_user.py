import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.text.describer import Scene
from sm_jax.text.user import say
from tests.text.figures import pair, reach
from tests.text.test_touch import handshake


def scene(joints: np.ndarray) -> Scene:
    return Scene(joints=joints, visibility=np.ones(joints.shape[:3]), fps=30.0)


def test_a_contact_is_placed_where_the_estimate_comes_near():
    said = say("They shake hands. ")(scene(handshake()))
    assert said.text == "They shake hands." and said.source == "text"
    assert [(c.side_a, c.region_a, c.start, c.end, c.person_a) for c in said.contacts] == [("right", "hand", 10, 20, 0)]


def test_a_brief_contact_is_a_moment():
    (contact,) = say("high five!")(scene(handshake())).contacts
    assert contact.end - contact.start == 7
    assert 10 <= contact.start + 3 < 20


def test_the_nearer_order_is_taken_where_words_leave_it_open():
    joints = pair(apart=0.6)
    reach(joints[1], "left", joints[0, 0, 16] + np.array([0.0, 0.06, 0.0]))
    assert [c.person_a for c in say("a hand on the other's shoulder")(scene(joints)).contacts] == [1]
    assert [c.person_a for c in say("a hand on the other's shoulder")(scene(joints[::-1])).contacts] == [0]
    assert [c.person_a for c in say("person 1 puts a hand on the other's shoulder")(scene(joints)).contacts] == [0]


def test_each_means_both_ways():
    said = say("they put a hand on each other's shoulder")(scene(pair(0.6)))
    assert {c.person_a for c in said.contacts} == {0, 1}


def test_words_without_contact_and_no_words():
    assert say("they dance")(scene(pair())).contacts == ()
    with pytest.raises(UserError, match="empty"):
        say("  ")
