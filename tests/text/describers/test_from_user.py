import dataclasses
import json

import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.export.summary import plain
from sm_jax.text.describers.describer import DescriberInput
from sm_jax.text.describers.from_user import describe_sentence, from_file, left_one
from tests.text.figures import pair, reach
from tests.text.rules.test_contacts import handshake


def scene(joints: np.ndarray) -> DescriberInput:
    return DescriberInput(joints=joints, visibility=np.ones(joints.shape[:3]), fps=30.0)


def test_a_contact_is_placed_where_the_estimate_comes_near():
    said = describe_sentence("They shake hands. ")(scene(handshake()))
    assert said.text == "They shake hands." and said.source == "text"
    assert [(c.side_a, c.region_a, c.start, c.end, c.person_a) for c in said.contacts] == [("right", "hand", 10, 20, 0)]


def test_a_brief_contact_is_a_moment():
    (contact,) = describe_sentence("high five!")(scene(handshake())).contacts
    assert contact.end - contact.start == 7
    assert 10 <= contact.start + 3 < 20


def test_the_nearer_order_is_taken_where_words_leave_it_open():
    joints = pair(apart=0.6)
    reach(joints[1], "left", joints[0, 0, 16] + np.array([0.0, 0.06, 0.0]))
    assert [c.person_a for c in describe_sentence("a hand on the other's shoulder")(scene(joints)).contacts] == [1]
    assert [c.person_a for c in describe_sentence("a hand on the other's shoulder")(scene(joints[::-1])).contacts] == [
        0
    ]
    assert [
        c.person_a for c in describe_sentence("person 0 puts a hand on the other's shoulder")(scene(joints)).contacts
    ] == [0]


def test_each_means_both_ways():
    said = describe_sentence("they put a hand on each other's shoulder")(scene(pair(0.6)))
    assert {c.person_a for c in said.contacts} == {0, 1}


def test_left_and_right_of_the_picture():
    """Whoever is nearer: the words say who."""
    joints = pair(apart=0.6)
    reach(joints[1], "left", joints[0, 0, 16] + np.array([0.0, 0.06, 0.0]))
    columns = np.zeros((2, 30, 24, 2))
    columns[1, :, :, 0] = 100.0
    seen = dataclasses.replace(scene(joints), pixels=columns)
    swapped = dataclasses.replace(seen, pixels=columns[::-1])
    for side, expected in (("left", [0]), ("right", [1])):
        told = describe_sentence(f"the person on the {side} has a hand on the other's shoulder")
        assert [c.person_a for c in told(seen).contacts] == expected
        assert [c.person_a for c in told(swapped).contacts] == [1 - expected[0]]
        assert [c.person_a for c in told(scene(joints)).contacts] == [1]  # no camera: the nearer order


def test_who_is_left_when_they_change_places():
    columns = np.zeros((2, 30, 24, 2))
    columns[1, :15, :, 0], columns[1, 15:, :, 0] = 100.0, -100.0
    seen = dataclasses.replace(scene(pair()), pixels=columns)
    assert left_one(seen) == 0 and left_one(dataclasses.replace(seen, pixels=columns[:, ::-1])) == 1
    columns[1, 5:, :, 0] = -100.0
    assert left_one(seen) == 1


def test_a_file_says_the_same_as_it_was_written_from(tmp_path):
    path = tmp_path / "said.json"
    said = describe_sentence("They shake hands.")(scene(handshake()))
    path.write_text(json.dumps(plain(said)))
    assert from_file(path)(scene(handshake())) == said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{}", "no JSON object with a text"),
        (b"They hug.", "line 1, column 1: it is not JSON"),
        (b"\xff\xfe\x00", "not a text file"),
        (b'{"text": "They hug.", "contacts": [{"region_a": "tail"}]}', "missing"),
        (b'{"text": "They hug.", "phases": [{"text": "a", "start": 0, "end": 99}]}', "0 to 30"),
        (b'{"text": ' + b"[" * 20_000, "nested too deeply|not JSON"),
        (b"[" * 1_200_000, "characters"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, content, words):
    path = tmp_path / "said.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"said.json: .*({words})"):
        from_file(path)(scene(pair()))
    with pytest.raises(UserError, match="No such file"):
        from_file(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{\n "text": "They hug.",\n "contacts": [,]\n}', r"line 3, column 15: .*not JSON"),
        ('{"text": "They hug."', r"line 1, column 21: .*ends before its last bracket"),
        (
            '{"text": "They hug.", "contacts": [\n'
            ' {"person_a": 1, "region_a": "hand", "region_b": "back", "start": 0, "end": 3},\n'
            '  {"person_a": 2, "region_a": "hand", "region_b": "back", "start": 0, "end": 3}]}',
            r"line 3, column 3: contacts\[1\]: person_a is 2",
        ),
        ('{"text": "They hug.", "phases": 3}', r"said.json: phases is not an array"),
    ],
)
def test_a_wrong_file_is_found_before_anyone_looks(tmp_path, content, words):
    path = tmp_path / "said.json"
    path.write_text(content)
    with pytest.raises(UserError, match=words):
        from_file(path)


def test_spans_are_checked_against_the_clip(tmp_path):
    path = tmp_path / "said.json"
    path.write_text('{"text": "They hug.",\n "phases": [{"text": "They hug.", "start": 0, "end": 10000}]}')
    with pytest.raises(UserError, match=r"line 2, column 13: phases\[0\]: frames 0 to 10000 are no span"):
        from_file(path)(scene(pair()))


def test_people_have_the_numbers_of_the_overlay():
    with pytest.raises(UserError, match="speaks of person 2: people are 0 and 1"):
        describe_sentence("Person 1 hugs person 2.")


def test_words_without_contact_and_no_words():
    assert describe_sentence("they dance")(scene(pair())).contacts == ()
    with pytest.raises(UserError, match="empty"):
        describe_sentence("  ")
