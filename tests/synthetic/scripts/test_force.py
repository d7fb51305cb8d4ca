"""Force moves the one it acts upon."""

import numpy as np
import pytest

from tests.synthetic.scripts.common import apart, check


@pytest.mark.parametrize("name", ["push", "pull", "pull_up", "comfort"])
def test_scripts_keep_to_the_rules(name, cast):
    check(name, cast)


def test_the_pushed_one_steps_back_and_the_pulled_one_follows(cast):
    for script in check("push", cast):
        assert apart(script, script.seconds) > apart(script, script.a.hands[0].start) + 0.15
    for script in check("pull", cast):
        start, end = script.touches[0].start, script.touches[0].end
        assert abs(apart(script, start) - apart(script, end)) < 0.1
        assert script.b.way(np.array([end]))[0, 0] < script.b.way(np.array([start]))[0, 0] - 0.5


def test_the_sitting_one_gets_up(cast):
    for script in check("pull_up", cast):
        assert script.b.height[0][1] < 0.2 and script.b.height[-1][1] == 1.0
