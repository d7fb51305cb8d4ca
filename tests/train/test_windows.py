import jax
import numpy as np
import pytest

from sm_jax.body.io import load_body
from sm_jax.data import codec
from sm_jax.text.encoder import TextEncoder
from sm_jax.train.sentences import STRIDE
from sm_jax.train.windows import DescribedWindows
from tests.data.sequences import alone, apart
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
    options = {"length": LENGTH, "batch": 8, "seed": 0, "body": load_body(), "encoder": encoder, "dropout": 0.5}
    return DescribedWindows(sets, **{**options, **arguments})


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
