"""Blows reach the other."""

import pytest

from tests.synthetic.scripts.common import check


@pytest.mark.parametrize("name", ["box", "kick"])
def test_scripts_keep_to_the_rules(name, cast):
    check(name, cast)


def test_the_kick_reaches_the_leg_across(cast):
    for script in check("kick", cast):
        (touch,) = script.touches
        assert touch.a.endswith("foot") and touch.b.endswith("thigh") and touch.a[:4] != touch.b[:4]
        assert script.words["side"] == touch.a.removesuffix("_foot")
