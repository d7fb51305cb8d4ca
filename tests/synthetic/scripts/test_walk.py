"""Who walks together stays together."""

import numpy as np
import pytest

from tests.synthetic.scripts.common import apart, check


@pytest.mark.parametrize("name", ["hand_in_hand", "side_by_side", "follow", "conga", "circle"])
def test_scripts_keep_to_the_rules(name, cast):
    check(name, cast)


@pytest.mark.parametrize("name", ["hand_in_hand", "side_by_side", "conga", "circle"])
def test_the_distance_is_kept(name, cast):
    for script in check(name, cast):
        distance = [apart(script, second) for second in np.linspace(0.0, script.seconds, 9)]
        assert np.ptp(distance) < 0.35
