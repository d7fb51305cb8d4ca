"""Who comes close does not come through."""

import numpy as np
import pytest

from tests.synthetic.scripts.common import apart, check


@pytest.mark.parametrize("name", ["hug", "tap", "pat", "whisper", "back_to_back"])
def test_scripts_keep_to_the_rules(name, cast):
    check(name, cast)


def test_bodies_fit_side_by_side(cast):
    for script in check("hug", cast):
        assert apart(script, script.touches[0].start) >= cast[0].front + cast[1].front - 0.1
    for script in check("back_to_back", cast):
        assert apart(script, script.touches[0].start) >= cast[0].back + cast[1].back - 0.1


def test_who_is_tapped_turns_round(cast):
    for script in check("tap", cast):
        before, after = script.b.way(np.array([0.0, script.seconds]))[:, 2]
        assert abs(after - before) == 180.0
