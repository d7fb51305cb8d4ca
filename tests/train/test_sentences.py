import pytest

from sm_jax.body.io import load_body
from sm_jax.data import codec
from sm_jax.train.sentences import STRIDE, Table, label
from tests.data.sequences import alone, apart

LENGTH = 20


@pytest.fixture(scope="module")
def told():
    """Of a pair near each other for two windows, one far apart, and one person alone: sentences of each window."""
    table = Table()
    sequences = apart("near", LENGTH + STRIDE, 0.4), apart("far", LENGTH, 5.0), alone(LENGTH)
    labels = [label(codec.encode(sequence), LENGTH, load_body(), table) for sequence in sequences]
    return [[[table.texts[i] for i in window[:, 0, 0]] for window in one.sentences] for one in labels], table, labels


def test_windows_have_their_own_sentences_and_the_rules(told):
    (near, far, single), table, labels = told
    assert [len(windows) for windows in (near, far, single)] == [2, 1, 1]
    assert all(len(window) == 5 and window[0].endswith("left.") for window in (*near, *far))
    assert not {*near[0]} & {*far[0]}
    assert [table.texts[i] for i in labels[0].sentences[0][0, 1]] == ["near, right.", "near, right."]
    assert single == [[""]]


def test_half_of_what_rules_say_comes_from_an_estimate(told):
    (near, far, _), *_ = told
    assert any(window[1:3] != window[3:5] for window in (*near, *far))
