"""Which shot of a video, and which two of its people; on made detections."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.perception.pair_choice import Crowd
from sm_jax.perception.video import Video, VideoShot
from sm_jax.pipeline import first_look
from sm_jax.pipeline.first_look import FirstLook, find_pair, longest_usable
from tests.perception.people import people, standing

PAIR = people(standing(300), standing(420))


def look(found, *, cuts=(), every=5) -> FirstLook:
    """A first look at a video of 30 frames a second with a glance at each `every`-th."""
    count = every * len(found)
    video = Video(path=Path("clip.mp4"), width=1000, height=600, times=np.arange(count) / 30, fps=30.0)
    edges, index = [0, *cuts, count], list(range(0, count, every))
    nothing: Any = None
    return FirstLook(
        detect=nothing,
        video=video,
        shots=[VideoShot(a, b) for a, b in itertools.pairwise(edges)],
        glances=nothing,
        crowd=Crowd(found, [i / 30 for i in index], index),
    )


def test_the_longest_shot_with_two_people_is_taken_and_said():
    """The longest of all shows one person."""
    alone = people(standing(300))
    seen = look([alone] * 20 + [PAIR] * 6 + [PAIR] * 10 + [people()] * 5, cuts=(100, 130, 180))
    number, notes = longest_usable(seen)
    assert number == 2 and notes == [
        "4 shots: taking the longest with two people, number 3, from 4.33 to 5.97 s (2 have two people; --shots gives"
        " each a folder of its own)"
    ]
    found = find_pair(seen, seen.shots[number], None, False)
    assert found.notes == [] and found.tracks.found.all()
    np.testing.assert_allclose(found.tracks.times, np.arange(10) / 6)
    assert found.tracks.index[0] == 130
    assert longest_usable(look([PAIR] * 4)) == (0, [])


def test_bystanders_are_said_and_can_be_named():
    crowd = people(standing(300), standing(420), standing(800))
    seen = look([crowd] * 12)
    found = find_pair(seen, seen.shots[0], None, False)
    assert found.notes == [
        "3 people, from the left of the picture 1 at 30%, 2 at 42%, 3 at 80%: taking 1 and 2, who are near each other"
        " for 2.0 s (--people 1,2 names others)"
    ]
    named = find_pair(seen, seen.shots[0], "1,3", False)
    hips = named.tracks.keypoints[:, :, 11:13, 0].mean(axis=2)
    np.testing.assert_allclose(hips, np.repeat([[300], [800]], 12, axis=1))
    assert named.notes[0].endswith("taking 1 and 3") and len(named.others) == 1
    with pytest.raises(UserError, match="--people 1,4: 3 people were found"):
        find_pair(seen, seen.shots[0], "1,4", False)


def test_who_covers_another_is_looked_for_again(monkeypatch):
    """Where glances show one person most of the time, full pictures are looked at closely."""
    seen = look([people(standing(300))] * 10 + [PAIR])
    closer = Crowd([PAIR] * 11, [i / 6 for i in range(11)], list(range(0, 55, 5)))
    monkeypatch.setattr(first_look, "_look_again", lambda *_: closer)
    assert find_pair(seen, seen.shots[0], None, False).tracks.found.all()
