import numpy as np

from sm_jax.perception.association import MISSING, assign
from tests.perception.people import people, standing


def shuffled(frames, seed=0):
    """The people of each frame in an order of its own, as a detector gives them, and who is where."""
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(frame)) for frame in frames]
    found = [people(*(frame[i] for i in order)) for frame, order in zip(frames, orders, strict=True)]
    return found, orders


def clock(frames):
    return [i / 30 for i in range(len(frames))]


def names(slots, orders):
    """For both identities, which original person each frame's detection is."""
    return [[MISSING if s == MISSING else int(order[s]) for s, order in zip(row, orders, strict=True)] for row in slots]


def test_people_who_cross_keep_their_names():
    x = np.linspace(200, 500, 40)
    frames = [[standing(a), standing(700 - a, y=320, scale=0.9, facing=-1)] for a in x]
    found, orders = shuffled(frames)
    first, second = names(assign(found, clock(found)), orders)
    assert len(set(first)) == len(set(second)) == 1 and first[0] != second[0]


def test_one_hidden_while_crossing_keeps_the_name():
    x = np.linspace(200, 500, 40)
    frames = [[standing(a)] + ([] if 18 <= i <= 23 else [standing(700 - a, y=330, scale=0.8)]) for i, a in enumerate(x)]
    found, orders = shuffled(frames)
    first, second = names(assign(found, clock(found)), orders)
    hidden, seen = (first, second) if MISSING in first else (second, first)
    assert set(seen) == {0} and set(hidden) == {1, MISSING} and hidden.count(MISSING) == 6


def test_bystanders_are_left_out():
    frames = [
        [standing(100 + i, scale=0.3), standing(250), standing(450 - i), standing(600, scale=0.4)] for i in range(20)
    ]
    found, orders = shuffled(frames)
    assert sorted(row[0] for row in names(assign(found, clock(found)), orders)) == [1, 2]
    assert all(len(set(row)) == 1 for row in names(assign(found, clock(found)), orders))


def test_a_bystander_does_not_stand_in_for_someone_hidden():
    frames = [
        [standing(250 + i), standing(520, scale=0.65)] + ([] if 10 <= i < 25 else [standing(450)]) for i in range(60)
    ]
    found, orders = shuffled(frames)
    rows = names(assign(found, clock(found)), orders)
    assert sorted({who for row in rows for who in row}) == [MISSING, 0, 2]
    assert sum(who == MISSING for row in rows for who in row) == 15


def test_one_person_seen_twice_is_one_person():
    frames = [people(standing(250), standing(252, y=301)) for _ in range(5)]
    slots = assign(frames, clock(frames))
    assert ((slots != MISSING).sum(axis=0) == 1).all()
