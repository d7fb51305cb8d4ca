"""The one who is led is within reach."""

import numpy as np
import pytest

from tests.synthetic.scripts.common import apart, check


@pytest.mark.parametrize("name", ["arm_in_arm", "arm_round", "lead_by_arm", "support"])
def test_scripts_keep_to_the_rules(name, cast):
    check(name, cast)


@pytest.mark.parametrize("name", ["arm_in_arm", "arm_round", "lead_by_arm", "support"])
def test_the_other_is_within_reach(name, cast):
    for script in check(name, cast):
        assert all(apart(script, second) < 0.75 for second in np.linspace(0.0, script.seconds, 9))
