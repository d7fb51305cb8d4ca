"""A sample follows from class, number and seed, stands on the floor, and its contacts are true."""

import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.errors import UserError
from sm_jax.synthetic import generate as module
from sm_jax.synthetic.classes import CLASSES
from sm_jax.synthetic.generate import generate
from sm_jax.synthetic.verify import NEAR, gaps, vertices


@pytest.fixture(scope="module")
def sequence(body):
    return generate(body, "handshake", 1)


def test_it_is_a_sequence_of_two_people(sequence, body):
    motion = sequence.motion
    count = motion.pelvis.shape[1]
    assert 64 <= count <= 240 and motion.pelvis.shape == (2, count, 3) and motion.pelvis.dtype == np.float32
    assert sequence.source == "synthetic" and sequence.body == body.name and sequence.fps == 30.0
    assert sequence.foot_contact.shape == (2, count, 4) and sequence.split == CLASSES["handshake"].split
    assert 4 <= len(sequence.texts) <= 6 and sequence.present.all()
    R = motion.body_pose
    np.testing.assert_allclose(R @ np.swapaxes(R, -1, -2), np.broadcast_to(np.eye(3), R.shape), atol=1e-4)


def test_it_stands_on_the_floor(sequence, body):
    lowest = vertices(body, sequence.motion)[..., 2].min(axis=2)
    assert np.abs(np.median(lowest)) < 0.01 and lowest.min() > -0.03


def test_its_contacts_are_true(sequence, body):
    skins = vertices(body, sequence.motion)
    assert [(c.region_a, c.side_a, c.region_b, c.side_b) for c in sequence.contacts] == [
        ("hand", "right", "hand", "right")
    ]
    for contact in sequence.contacts:
        assert contact.end - contact.start > 15 and gaps(body, skins, contact).max() < NEAR


def test_nothing_jumps(sequence, body):
    joints = np.asarray(smpl.pose(body, sequence.motion).joints)
    assert np.linalg.norm(np.diff(joints, axis=1), axis=-1).max() * 30 < 5.0


def test_class_number_and_seed_decide_everything(body, monkeypatch):
    """All that is drawn; the solver, which draws nothing and takes longest, is left out."""
    monkeypatch.setattr(module, "solve_contacts", lambda body, motion, anchors: motion)
    one, again, *others = (generate(body, "handshake", *which) for which in ((1,), (1,), (2,), (1, 7)))
    np.testing.assert_array_equal(again.motion.pelvis, one.motion.pelvis)
    np.testing.assert_array_equal(again.motion.body_pose, one.motion.body_pose)
    assert again.texts == one.texts and again.contacts == one.contacts
    for other in others:
        assert np.abs(other.motion.betas - one.motion.betas).max() > 0.1


def test_a_class_that_does_not_exist_is_refused(body):
    with pytest.raises(UserError, match="no class of interactions named juggle; there are handshake"):
        generate(body, "juggle", 0)


def test_every_class_comes_in_turn(body, monkeypatch):
    monkeypatch.setattr(module, "generate", lambda body, name, number, seed: (name, number, seed))
    made = list(module.sequences(body, 2, 3))
    assert len(made) == module.count(2) == 2 * len(CLASSES)
    assert made[:3] == [("handshake", 0, 3), ("handshake", 1, 3), ("hug", 0, 3)]
