import numpy as np
import pytest

from sm_jax.data.mocap import joint_names
from sm_jax.errors import UserError
from tests.data.rigs import CONVENTIONS, UNNAMED, rig

WANTED = ("pelvis", "chest", "neck", "head", *(f"{side}_{name}" for side in ("left", "right") for name in
          ("hip", "knee", "ankle", "shoulder", "elbow", "wrist", "hand")))  # fmt: skip


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_conventions_are_understood(convention):
    names, parents, points, called = rig(CONVENTIONS[convention])
    found = joint_names.guess(names, parents, points)
    for landmark in WANTED:
        assert found.joints[landmark] == called[landmark], landmark
    for side in ("left", "right"):
        ball = called[f"{side}_ball"]
        tip, toes = (ball, None) if ball.endswith("_end") else (f"{ball}_end", ball)
        assert (found.joints[f"{side}_toe"], found.joints[f"{side}_foot"]) == (tip, toes)
    named = [landmark for landmark, how in found.how.items() if how == "name"]
    assert {"left_knee", "right_knee", "left_elbow", "right_wrist"} <= set(named)


def test_names_that_say_nothing_leave_the_hierarchy():
    names, parents, points, called = rig(UNNAMED)
    found = joint_names.guess(names, parents, points)
    for landmark in WANTED:
        assert found.joints[landmark] == called[landmark], landmark
    assert set(found.how.values()) == {"hierarchy"}


def test_left_and_right_without_names_follow_the_feet():
    names, parents, points, called = rig(UNNAMED)
    found = joint_names.guess(names, parents, points * [-1, 1, -1])  # the figure turns round: its left stays its left
    assert found.joints["left_knee"] == called["left_knee"]
    mirrored = joint_names.guess(names, parents, points * [-1, 1, 1])  # a mirrored figure: its left is the other's
    assert mirrored.joints["left_knee"] == called["right_knee"]


def test_twist_and_roll_joints_are_passed_over():
    names, parents, points, called = rig(CONVENTIONS["mixamo"])
    for extra, parent in (("mixamorig:LeftArmRoll", "left_shoulder"), ("mixamorig:LeftUpLegTwist", "left_hip")):
        names.append(extra)
        parents.append(names.index(called[parent]))
        points = [*points, points[parents[-1]] * 0.99]
    found = joint_names.guess(names, parents, np.array(points))
    assert found.joints["left_shoulder"] == "mixamorig:LeftArm" and found.joints["left_hip"] == "mixamorig:LeftUpLeg"


def test_what_the_user_names_goes_before():
    names, parents, points, _ = rig(CONVENTIONS["mixamo"])
    found = joint_names.guess(names, parents, points, {"left_hand": "mixamorig:LeftHandThumb1"})
    assert (found.joints["left_hand"], found.how["left_hand"]) == ("mixamorig:LeftHandThumb1", "given")


def test_missing_joints_are_named_with_the_remedy():
    names, parents, points, _ = rig(CONVENTIONS["xsens"])
    keep = [i for i, name in enumerate(names) if "Wrist" not in name and "Elbow" not in name]
    parents = [keep.index(parents[i]) if parents[i] >= 0 else -1 for i in keep]
    with pytest.raises(UserError, match=r"a\.bvh: no joint found for left_elbow, left_wrist, .*--map LANDMARK=JOINT"):
        joint_names.guess([names[i] for i in keep], parents, points[keep], where="a.bvh")


def test_the_table_shows_every_landmark_and_what_is_missing():
    names, parents, points, _ = rig(CONVENTIONS["smpl"])
    table = joint_names.guess(names, parents, points).table()
    assert "left_knee      <- left_knee  (name)" in table
    assert "left_eye       <- MISSING" in table
    assert len(table.splitlines()) == len(joint_names.LANDMARKS) + len(joint_names.OPTIONAL)


@pytest.mark.parametrize(
    ("name", "side", "part"),
    [
        ("LHipJoint", "left", "hipjoint"),
        ("RFArm", "right", "farm"),
        ("Bip01 L UpperArm", "left", "upperarm"),
        ("rhumerus", "right", "humerus"),
        ("thigh.L.001", "left", "thigh"),
        ("leg", None, "leg"),
        ("mixamorigRightUpLeg", "right", "upleg"),
        ("Larm", "left", "arm"),
    ],
)
def test_sides_and_parts(name, side, part):
    assert joint_names.side_and_part(name) == (side, part)
