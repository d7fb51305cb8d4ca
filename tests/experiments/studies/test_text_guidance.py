import dataclasses
import json

import numpy as np
import pytest

from experiments.lib.results import RESULTS
from experiments.studies.text_guidance import DESCRIPTIONS, VARIANTS, make_description, summarise_rows
from sm_jax.text.describers.describer import DescriberInput
from sm_jax.types import Contact
from tests.data.sequences import apart

FRAMES = 20


@pytest.fixture(scope="module")
def clip():
    contact = Contact(region_a="hand", side_a="left", region_b="back", person_a=1, start=2, end=16)
    given = dataclasses.replace(apart("near", FRAMES, 0.4), contacts=(contact,))
    return dataclasses.replace(given, texts=("The first person lays the left hand on the second person's back.",))


@pytest.fixture(scope="module")
def scene():
    joints = np.zeros((2, FRAMES, 24, 3), np.float32)
    joints[1, ..., 0] = 0.4
    return DescriberInput(joints=joints, visibility=np.ones((2, FRAMES, 24)), fps=30.0)


def test_the_truth_and_silence(clip, scene):
    descriptions = {kind: make_description(kind, clip, scene, seed=0) for kind in DESCRIPTIONS}
    assert descriptions["true"].text == descriptions["sentence"].text == clip.texts[0]
    assert descriptions["true"].contacts == clip.contacts
    assert {contact.region_a for contact in descriptions["sentence"].contacts} == {"hand"}
    assert descriptions["none"].text == "" and not descriptions["none"].contacts


def test_wrong_is_by_the_other_person_on_the_other_side_half_a_clip_later(clip, scene):
    wrong = make_description("wrong", clip, scene, seed=0)
    assert wrong.text == "The second person lays the right hand on the first person's back."
    assert all((c.person_a, c.side_a, c.side_b) == (0, "right", None) for c in wrong.contacts)
    frames = np.zeros(FRAMES)
    for contact in wrong.contacts:
        frames[contact.start : contact.end] += 1
    expected = np.zeros(FRAMES)
    expected[[f % FRAMES for f in range(12, 26)]] = 1
    np.testing.assert_array_equal(frames, expected)


def test_the_summary_is_that_of_the_rows():
    study = json.loads((RESULTS / "semantics.json").read_text())
    found = summarise_rows(study["rows"], tuple(VARIANTS), DESCRIPTIONS)
    assert found["over_none"] == study["over_none"]
    assert found["summary"] == {variant: study["summary"][variant] for variant in VARIANTS}
