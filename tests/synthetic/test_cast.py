"""Measures are a person's, and spots lie on the skin where they are said to."""

import numpy as np
import pytest


def test_measures_are_those_of_a_person(cast):
    a, b = cast
    assert 1.6 < a.stature < 2.0 and 0.55 < a.arm < 0.75 and 0.1 < a.front < 0.3 and 0.05 < a.back < 0.2
    assert b.stature > a.stature + 0.03 and b.arm > a.arm
    assert a.hip < a.shoulder < a.stature


@pytest.mark.parametrize(
    ("region", "towards", "axis"),
    [("back", (0.0, 0.0, -1.0), 2), ("left_shoulder", (0.0, 1.0, 0.0), 1), ("chest", (1.0, 0.0, 0.3), 0)],
)
def test_spots_face_where_they_are_sought(skins, region, towards, axis):
    joint, offset, normal = skins.spot(0, region, towards)
    assert normal @ np.array(towards) > 0.5 and normal[axis] * towards[axis] > 0.3
    assert np.linalg.norm(normal) == pytest.approx(1.0)
    distance = np.linalg.norm(skins.vertices[0] - (skins.joints[0, joint] + offset), axis=1).min()
    assert distance < 1e-9
