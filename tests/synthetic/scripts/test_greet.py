"""Greetings meet in the middle."""

import numpy as np
import pytest

from sm_jax.synthetic import direct
from tests.synthetic.scripts.common import apart, check, meeting_places


@pytest.mark.parametrize("name", ["handshake", "high_five", "wave", "pass_object"])
def test_scripts_keep_to_the_rules(name, cast):
    check(name, cast)


@pytest.mark.parametrize("name", ["handshake", "high_five", "pass_object"])
def test_hands_meet_at_one_place(name, cast):
    for script in check(name, cast):
        ((a, b),) = meeting_places(script)
        np.testing.assert_allclose(a, b)
        (touch,) = script.touches
        assert apart(script, touch.start) < 0.75 * (cast[0].arm + cast[1].arm)


def test_nobody_touches_who_waves(cast):
    for script in check("wave", cast):
        assert not direct.touches(script) and apart(script, script.seconds) > 1.5
