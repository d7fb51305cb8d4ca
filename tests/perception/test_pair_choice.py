"""Which two of more people a clip is about."""

import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.perception.pair_choice import Crowd, choose_people, only_the_pair
from tests.perception.people import people, standing


def crowd(*paths, fps=6.0):
    """Looks at people; a path is their pose in each look, or None."""
    count = len(paths[0])
    found = [people(*(path[i] for path in paths if path[i] is not None)) for i in range(count)]
    return Crowd(found, [i / fps for i in range(count)], list(range(count)))


def still(x, count=12, **where):
    return [standing(x, **where)] * count


def numbers(choice):
    assert choice.pair is not None
    return [[choice.people.index(piece) + 1 for piece in pieces] for pieces in choice.pair]


def counts(some):
    return [len(found.scores) for found in some.found]


def test_the_pair_is_near_each_other_and_not_the_largest():
    """Beside them, a larger person, and far behind, two who sit together all the time."""
    audience = [still(x, y=120, scale=0.3) for x in (500, 520)]
    pair = still(300), [standing(380 if i > 6 else 600 - 30 * i) for i in range(12)]
    choice = choose_people(crowd(still(20, scale=1.6), *audience, *pair))
    assert len(choice.people) == 5 and choice.pair is not None
    np.testing.assert_allclose([pieces[0].places[-1, 0] for pieces in choice.pair], [300, 380], atol=5)
    assert len(choice.others) == 3 and choice.near == pytest.approx(1.0)


def test_only_who_is_seen_beside_both_is_a_bystander():
    """Somebody who comes when one of the pair has long gone may be the same person."""
    early, late = [standing(400)] * 14 + [None] * 10, [None] * 22 + [standing(700)] * 2
    seen = crowd(still(300, 24), early, late, still(900, 24, scale=1.3), fps=3.0)
    choice = choose_people(seen)
    assert numbers(choice) == [[1], [2]] and len(choice.others) == 1
    assert counts(only_the_pair(seen, choice)) == [2] * 14 + [1] * 8 + [2] * 2


def test_the_user_names_two_from_the_left_in_pieces_too():
    pieces = [standing(200)] * 8 + [None] * 8, [None] * 8 + [standing(320)] * 8
    seen = crowd(*pieces, still(600, 16), still(800, 16))
    choice = choose_people(seen, "1+2, 4")
    assert numbers(choice) == [[1, 2], [4]]
    left = only_the_pair(seen, choice)
    assert counts(left) == [2] * 16
    assert all(np.isclose(found.keypoints[1, 11:13, 0].mean(), 800) for found in left.found)
    for wrong in ("1", "1,5", "1,1", "1,x", "1,2,3"):
        with pytest.raises(UserError, match=rf"--people {wrong}: 4 people were found"):
            choose_people(seen, wrong)


def test_nobody_and_one_are_no_pair():
    assert choose_people(Crowd([], [], [])).pair is None
    assert choose_people(crowd(still(300))).pair is None


def test_who_is_seen_twice_is_no_bystander():
    again = [standing(312) if i % 3 == 0 else None for i in range(12)]
    choice = choose_people(crowd(still(300), still(420), again))
    assert choice.pair is not None and choice.others == []
    np.testing.assert_allclose([pieces[0].places[0, 0] for pieces in choice.pair], [300, 420], atol=5)
