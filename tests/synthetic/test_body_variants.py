import dataclasses

import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.data import codec
from sm_jax.data.store import load_salsa
from sm_jax.synthetic.body_variants import library


@pytest.fixture(scope="module")
def records():
    """Two seconds of dancers who hold hands."""
    sequence = next(s for s in load_salsa() if s.name == "salsa_10")
    hold = max(sequence.contacts, key=lambda contact: contact.end - contact.start)
    record = codec.encode(dataclasses.replace(sequence, contacts=(hold,)))
    return [codec.encode(codec.decode(record, max(hold.start - 10, 0), hold.start + 50))]


def test_the_library_holds_each_record_on_other_bodies_and_is_kept(records, tmp_path):
    body = load_body()
    made = library(body, records, 2, seed=0, folder=tmp_path)
    assert [str(r["name"]) for r in made] == ["salsa_10", "salsa_10_0", "salsa_10_1"]
    assert len(list(tmp_path.iterdir())) == 1
    for name in codec.FIELDS:
        np.testing.assert_array_equal(made[0][name], records[0][name])
    assert np.abs(made[1]["betas"] - made[2]["betas"]).max() > 0.5
    again = library(body, records, 2, seed=0, folder=tmp_path)
    np.testing.assert_array_equal(again[2]["rotations"], made[2]["rotations"])
    assert len(library(body, records, 1, seed=1, folder=tmp_path)) == 2 and len(list(tmp_path.iterdir())) == 2


def test_contacts_hold_on_other_bodies(records, tmp_path):
    body = load_body()
    for record in library(body, records, 2, seed=0, folder=tmp_path):
        sequence = codec.decode(record)
        (hold,) = sequence.contacts
        joints = np.asarray(smpl.pose(body, sequence.motion).joints)[:, hold.start : hold.end]
        ends = [22 + (side == "right") for side in (hold.side_a, hold.side_b)]
        gap = np.linalg.norm(joints[0][:, ends[0]] - joints[1][:, ends[1]], axis=-1)
        assert np.median(gap) < 0.1
