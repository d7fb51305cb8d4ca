import numpy as np

from sm_jax.data.schema import LandmarkMotion
from sm_jax.data.sources.salsa import LANDMARKS
from sm_jax.fitting.mocap.joints import by_name


def landmarks(names, oriented: bool) -> LandmarkMotion:
    shape = (2, 1, len(names), 3)
    return LandmarkMotion(
        name="take",
        names=tuple(names),
        positions=np.zeros(shape),
        weight=np.ones(shape[:-1]),
        orientations=np.zeros((*shape, 3)) if oriented else None,
        fps=30.0,
        texts=(),
        split="train",
    )


def test_landmarks_named_like_joints_are_those():
    found = by_name(landmarks(LANDMARKS, True))
    assert found.positions["left_knee"] == {"left_knee": 1.0}
    assert found.positions["pelvis"] == {"left_hip": 0.5, "right_hip": 0.5}
    assert found.positions["left_foot"] == {"left_ankle": 0.2, "left_toe": 0.8}
    assert found.orientations["spine3"] == "chest"
    assert all(abs(sum(shares.values()) - 1) < 1e-9 for shares in found.positions.values())
    assert set(found.orientations.values()) <= set(LANDMARKS)


def test_what_is_missing_is_left_out():
    found = by_name(landmarks(("pelvis", "head", "left_ankle", "tail"), False))
    assert found.positions == {"pelvis": {"pelvis": 1.0}, "head": {"head": 1.0}, "left_ankle": {"left_ankle": 1.0}}
    assert not found.orientations


def test_a_foot_goes_before_a_toe():
    found = by_name(landmarks(("left_ankle", "left_toe", "left_foot"), False))
    assert found.positions["left_foot"] == {"left_foot": 1.0}
