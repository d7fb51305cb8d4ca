"""Dances and games keep time."""

import numpy as np
import pytest

from tests.synthetic.scripts.common import check, meeting_places


@pytest.mark.parametrize("name", ["dance", "clap_game", "lift_hands", "ring"])
def test_scripts_keep_to_the_rules(name, cast):
    check(name, cast)


@pytest.mark.parametrize("name", ["clap_game", "lift_hands", "ring", "dance"])
def test_joined_hands_are_at_one_place(name, cast):
    for script in check(name, cast):
        for a, b in meeting_places(script):
            np.testing.assert_allclose(a, b)


def test_lifted_hands_go_over_the_shoulders(cast):
    for script in check("lift_hands", cast):
        assert max(a[2] for a, _ in meeting_places(script)) > max(cast[0].shoulder, cast[1].shoulder) + 0.2
