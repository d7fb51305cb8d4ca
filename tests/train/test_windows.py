from typing import Any

import jax
import numpy as np
import pytest

from sm_jax.body.io import load_body
from sm_jax.data import codec
from sm_jax.text.encoder import TextEncoder
from sm_jax.train.sentences import STRIDE
from sm_jax.train.windows import DescribedWindows
from tests.data.sequences import alone, apart, sequence
from tests.helpers import cached_asset

LENGTH = 20


RECORDS = [
    codec.encode(apart(*of)) for of in (("short", 10, 1.0), ("near", LENGTH + STRIDE, 0.4), ("far", LENGTH, 5.0))
]
ALONE = [codec.encode(alone(LENGTH))]


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder.load(cached_asset("minilm"))


def windows(encoder: TextEncoder, **arguments) -> DescribedWindows:
    sets = [(RECORDS, 3.0), (ALONE, 1.0)]
    options: dict[str, Any] = {"length": LENGTH, "batch": 8, "seed": 0, "body": load_body(), "dropout": 0.5}
    return DescribedWindows(sets, encoder=encoder, **(options | arguments))


def test_batches_follow_from_their_number(encoder):
    source = windows(encoder)
    batch = source(4)
    assert batch.rotations.shape == (8, 2, LENGTH, 24, 3) and batch.text.tokens.shape == (8, 32, 384)
    assert batch.contacts.weight.shape == (8, 8, LENGTH)
    np.testing.assert_array_equal(batch.number, np.arange(32, 40))
    jax.tree.map(np.testing.assert_array_equal, batch, source(4))
    assert not np.array_equal(batch.pelvis, source(5).pelvis)
    jax.tree.map(np.testing.assert_array_equal, next(source.ahead(4)), batch)


def test_the_number_of_processes_changes_nothing(encoder):
    whole = windows(encoder)(3)
    parts = [windows(encoder, process=p, processes=2)(3) for p in range(2)]
    jax.tree.map(lambda one, *many: np.testing.assert_array_equal(one, np.concatenate(many)), whole, *parts)


def test_the_absent_and_the_contacts_are_told(encoder):
    source = windows(encoder, batch=64)
    batch = source(0)
    assert (batch.present.sum(axis=1) == 1).sum() == 16  # a quarter
    contact = batch.contacts.weight.max(axis=(1, 2))
    assert 0 < (contact > 0).sum() < 64 and not contact[batch.present.sum(axis=1) == 1].any()


def test_text_is_dropped_at_the_rate_asked_for(encoder):
    batch = windows(encoder, batch=400, dropout=0.25)(0)
    text, silent = batch.text, batch.text.mask.sum(1) == 0
    both = batch.present.all(axis=1)
    assert 0.18 < silent[both].mean() < 0.32 and silent[~both].all()  # nothing is known of who is alone
    assert not text.tokens[silent].any() and not text.pooled[silent].any() and text.pooled[~silent].any(1).all()


def test_some_are_told_of_another_window(encoder):
    told, wrong = (windows(encoder, batch=400, dropout=0.0, wrong=share)(0) for share in (0.0, 0.25))
    other = (told.text.pooled != wrong.text.pooled).any(axis=1)
    assert 0.1 < other.mean() < 0.3  # some draws are its own again
    np.testing.assert_array_equal(told.pelvis, wrong.pelvis)


def test_the_sentence_agrees_with_the_mirror(encoder):
    """Mirrored and plain windows share the rules' sentences, which name no side, and differ in the own one."""
    batch = windows(encoder, batch=64, dropout=0.0)(0)
    near = np.isclose(batch.pelvis[:, 1, 0, 0], 0.4)
    pooled = [np.unique(batch.text.pooled[near & (batch.mirrored == m)], axis=0) for m in (False, True)]
    own = [{tuple(row) for row in rows.tolist()} for rows in pooled]
    assert own[0] - own[1] and own[1] - own[0] and own[0] & own[1]


def test_placed_windows_hold_two_people_of_two_windows_and_nothing_is_said_of_them(encoder):
    plain, placed = (windows(encoder, batch=256, dropout=0.0, placed=share, mixed=0.5)(0) for share in (0.0, 0.5))
    some = placed.placed
    assert not plain.placed.any() and not plain.mixed.any() and 0.4 < some.mean() < 0.6
    assert not placed.mixed[~some].any() and 0.35 < placed.mixed[some].mean() < 0.65
    for name in ("pelvis", "rotations", "betas", "present", "mirrored", "number"):
        np.testing.assert_array_equal(getattr(placed, name)[~some], getattr(plain, name)[~some])
    jax.tree.map(lambda a, b: np.testing.assert_array_equal(a[~some], b[~some]), placed.text, plain.text)
    assert placed.present[some].all() and not placed.text.mask[some].any()
    assert not placed.contacts.weight[some].any()


def test_a_placed_single_person_is_the_one_who_is_there(encoder):
    batch = windows(encoder, batch=64, placed=1.0)(0)
    found = {tuple(row) for row in batch.rotations.reshape(64 * 2, -1)[:, :9].tolist()}
    there, absent = (tuple(ALONE[0]["rotations"][:, person].ravel()[:9].tolist()) for person in (0, 1))
    assert there in found and absent not in found


def test_some_placed_people_are_partners_torn_apart(encoder):
    records = [codec.encode(sequence(f"pair {seed}", LENGTH, seed=seed)) for seed in range(8)]
    batch = DescribedWindows([(records, 1.0)], LENGTH, 256, 0, load_body(), encoder, 0.0, placed=1.0)(0)
    own = [any(np.array_equal(row, record["betas"].T) for record in records) for row in batch.betas]
    assert 0.15 < np.mean(own) < 0.4  # a quarter, and chance
