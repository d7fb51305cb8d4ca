import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sm_jax.data.mocap.rest_pose import to_t_pose

LEFT = {
    "hip": (0.1, 0, 0), "knee": (0.1, -0.4, 0), "ankle": (0.1, -0.8, 0), "toe": (0.1, -0.85, 0.2),
    "shoulder": (0.2, 0.5, 0), "elbow": (0.5, 0.5, 0), "wrist": (0.75, 0.5, 0),
}  # fmt: skip


def turn(axis, degrees):
    return Rotation.from_euler(axis, degrees, degrees=True).as_matrix()


STILL = np.eye(3)


def figure(arm=STILL, leg=STILL, foot=STILL, world=STILL):
    """Rest positions of a T-pose whose left arm, leg and foot are turned; the right side mirrors them."""
    left = {name: np.array(x, float) for name, x in LEFT.items()}
    left |= {name: left["shoulder"] + arm @ (left[name] - left["shoulder"]) for name in ("elbow", "wrist")}
    left["toe"] = left["ankle"] + foot @ (left["toe"] - left["ankle"])
    left |= {name: left["hip"] + leg @ (left[name] - left["hip"]) for name in ("knee", "ankle", "toe")}
    sides = {"left": np.ones(3), "right": np.array([-1.0, 1, 1])}
    return {f"{side}_{name}": world @ (flip * x) for side, flip in sides.items() for name, x in left.items()}


def test_a_t_pose_stays_as_it_is():
    turns = to_t_pose(figure())
    assert turns is not None
    for R in turns.values():
        np.testing.assert_allclose(R, np.eye(3), atol=1e-12)


@pytest.mark.parametrize("world", [turn("x", 90), turn("y", 180), turn("yx", [90, 90])])
def test_any_axes_are_understood(world):
    turns = to_t_pose(figure(world=world))
    assert turns is not None
    np.testing.assert_allclose(turns["left_wrist"], world, atol=1e-9)  # rest axes from the figure's


@pytest.mark.parametrize("down", [-20, -45, -90])
def test_arms_that_hang_are_raised(down):
    turns = to_t_pose(figure(arm=turn("z", down)))
    assert turns is not None
    # The bone as it rests, not turned at all, is the T-pose's arm turned down.
    for name in ("shoulder", "elbow", "wrist", "hand"):
        np.testing.assert_allclose(turns[f"left_{name}"], turn("z", down), atol=1e-9)
        np.testing.assert_allclose(turns[f"right_{name}"], turn("z", -down), atol=1e-9)
    np.testing.assert_allclose(turns["left_hip"], np.eye(3), atol=1e-9)


def test_legs_astride_take_their_feet_with_them():
    turns = to_t_pose(figure(leg=turn("z", 20)))
    assert turns is not None
    for name in ("hip", "knee", "ankle"):
        np.testing.assert_allclose(turns[f"left_{name}"], turn("z", 20), atol=1e-9)


def test_feet_turned_out_are_turned_ahead_and_keep_their_slope():
    turns = to_t_pose(figure(foot=turn("y", 40)))
    assert turns is not None
    np.testing.assert_allclose(turns["left_ankle"], turn("y", 40), atol=1e-9)
    np.testing.assert_allclose(turns["left_knee"], np.eye(3), atol=1e-9)


@pytest.mark.parametrize("wrong", [{"arm": turn("z", 170)}, {"leg": turn("x", -90)}, {"world": turn("x", 45)}])
def test_what_is_no_standing_figure_is_refused(wrong):
    assert to_t_pose(figure(**wrong)) is None
