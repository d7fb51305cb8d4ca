"""Every essential joint of rigs of many programs, with and without their names."""

import re

import numpy as np
import pytest

from sm_jax.data.mocap import joint_names
from sm_jax.data.mocap.joint_names import ESSENTIAL
from sm_jax.data.sources import bvh_pair
from sm_jax.errors import UserError
from tests.data.public_rigs import RIGS, Rig

STANDING_STILL = {  # what one standing pose does not tell, so that it is asked
    "Biovision": "not which are left; say it with --map left_hip=j15 or --map left_hip=j16",
    "Rigify, deforming bones": "not sure which joints are .*left_elbow",
}


def assert_right(found: joint_names.JointMap, rig: Rig, points: np.ndarray) -> None:
    """Essential landmarks lie where they should in every frame, each in a place of its own."""
    points = points if points.ndim == 3 else points[None]
    at = [found.index[landmark] for landmark in ESSENTIAL]
    for landmark, joint in zip(ESSENTIAL, at, strict=True):
        np.testing.assert_allclose(points[:, joint], points[:, rig.truth[landmark]], atol=1e-6, err_msg=landmark)
    everything = [joint for joint in found.index.values() if joint is not None]
    assert len(set(everything)) == len(everything)


@pytest.mark.parametrize("name", RIGS)
def test_by_name(name):
    rig = Rig(name)
    found = joint_names.guess(rig.names, rig.parents, rig.points)
    assert_right(found, rig, rig.points)


@pytest.mark.parametrize("name", RIGS)
def test_nameless_in_motion(name):
    rig = Rig(name)
    points = rig.moving()
    found = joint_names.guess(rig.nameless(), rig.parents, points)
    assert_right(found, rig, points)
    assert min(found.confidence[x] for x in ESSENTIAL if x in found.confidence) > 0.9


@pytest.mark.parametrize("name", RIGS)
def test_nameless_in_one_pose(name):
    rig = Rig(name)
    if name in STANDING_STILL:
        with pytest.raises(UserError, match=STANDING_STILL[name]):
            joint_names.guess(rig.nameless(), rig.parents, rig.points)
    else:
        assert_right(joint_names.guess(rig.nameless(), rig.parents, rig.points), rig, rig.points)


def test_the_reported_fault():
    """Collars in the chest, arms of 18, 28, 18 and 8: the left shoulder is the joint at +18."""
    rig = Rig("collars of no length")
    found = joint_names.guess(rig.nameless(), rig.parents, rig.points)
    assert found.index["left_shoulder"] == rig.names.index("leftarm")
    assert found.index["right_shoulder"] == rig.names.index("rightarm")


def test_one_repeated_name_for_all():
    rig = Rig("Xsens")
    points = rig.moving()
    found = joint_names.guess(["joint"] * len(rig.names), rig.parents, points)
    assert_right(found, rig, points)
    assert f"#{rig.truth['left_knee']} joint  (hierarchy, 100 %)" in found.table()


def test_names_of_one_side_only_do_not_mislead():
    rig = Rig("Mixamo")
    names = [name if "Left" in name and "Hand" not in name else other
             for name, other in zip(rig.names, rig.nameless(), strict=True)]  # fmt: skip
    assert_right(joint_names.guess(names, rig.parents, rig.moving()), rig, rig.moving())


def test_names_of_other_joints_are_not_believed():
    """Arm is the collar on one side and the arm on the other: no pair, so the hierarchy tells."""
    rig = Rig("Mixamo")
    names = rig.nameless()
    for joint, name in (("mixamorig:LeftShoulder", "LeftArm"), ("mixamorig:LeftArm", "LeftForeArm"),
                        ("mixamorig:LeftForeArm", "LeftHand"), ("mixamorig:RightArm", "RightArm"),
                        ("mixamorig:RightForeArm", "RightForeArm"), ("mixamorig:RightHand", "RightHand")):  # fmt: skip
        names[rig.names.index(joint)] = name
    points = rig.moving()
    try:
        assert_right(joint_names.guess(names, rig.parents, points), rig, points)
    except UserError as error:
        assert "--map" in str(error)


def test_left_and_right_follow_the_feet_and_arms_follow_the_legs():
    rig = Rig("Rokoko")
    turned = rig.moving() * [-1, 1, -1]
    assert_right(joint_names.guess(rig.nameless(), rig.parents, turned), rig, turned)
    mirrored = rig.moving() * [-1, 1, 1]
    found = joint_names.guess(rig.nameless(), rig.parents, mirrored)
    for joint in ("hip", "wrist"):
        assert found.index[f"left_{joint}"] == rig.truth[f"right_{joint}"]


def test_feet_against_knees_are_a_question():
    rig = Rig("Xsens")
    turns = rig.turns(24)
    for side in ("left", "right"):
        R = turns[:, rig.truth[f"{side}_knee"]]
        turns[:, rig.truth[f"{side}_knee"]] = R.swapaxes(-1, -2)  # knees of a bird
    rig.turns = lambda n_frames: turns
    with pytest.raises(UserError, match="legs and arms are found, but not which are left"):
        joint_names.guess(rig.nameless(), rig.parents, rig.moving())


def test_one_word_answers_the_question():
    rig = Rig("Biovision")
    names = rig.nameless()
    said = {"left_hip": names[rig.truth["left_hip"]]}
    assert_right(joint_names.guess(names, rig.parents, rig.points, said), rig, rig.points)
    opposite = joint_names.guess(names, rig.parents, rig.points, {"left_hip": names[rig.truth["right_hip"]]})
    assert opposite.index["left_wrist"] == rig.truth["right_wrist"]


def test_no_person_is_no_guess():
    """A horse: four legs of one length, no arms."""
    rig = Rig("Xsens")
    points = rig.points.copy()
    for joint, name in enumerate(rig.names):
        if re.match("(Left|Right)(Shoulder|Elbow|Wrist)$", name):
            leg = rig.names.index(name.replace("Shoulder", "Hip").replace("Elbow", "Knee").replace("Wrist", "Ankle"))
            points[joint] = points[leg] + [0, 0, 130]
        elif re.match("Chest|Neck|Head|.*Collar", name):
            points[joint] = [0, 95 + 0.2 * (points[joint][1] - 95), 2.5 * (points[joint][1] - 95)]
        elif name.endswith("Wrist_end"):
            points[joint] = points[joint - 2] + [0, -5, 12]
    with pytest.raises(UserError, match="--map"):
        joint_names.guess(rig.nameless(), rig.parents, points)


def test_repeated_names_are_given_by_number():
    rig = Rig("Kinect")
    names = ["joint"] * len(rig.names)
    with pytest.raises(UserError, match=r"--map: \d+ joints are called joint; give a number instead, one of #0, #1"):
        joint_names.guess(names, rig.parents, rig.points, {"left_hip": "joint"})
    found = joint_names.guess(names, rig.parents, rig.points, {"left_hip": f"#{rig.truth['left_hip']}"})
    assert_right(found, rig, rig.points)
    assert found.how["left_hip"] == "given"


@pytest.mark.parametrize("name", ["cgspeed, MotionBuilder", "Biovision", "Character Creator"])
def test_nameless_files_of_any_rest_pose_and_axis(name, tmp_path):
    """Files whose joints point anywhere at rest, z up: landmarks lie where those of the named joints lie."""
    rig = Rig(name)
    paths = [tmp_path / f"{which}.bvh" for which in ("a", "b")]
    for at, path in enumerate(paths):
        path.write_text(rig.bvh(rig.nameless(), away=100.0 * at, seed=7 + at))
    landmarks, report = bvh_pair.read(*paths)
    assert report.up == "z"
    points = rig.moving(30) / 100
    for landmark in ESSENTIAL:
        mine = landmarks.positions[0, :, landmarks.names.index(landmark)]
        true = points[:, rig.truth[landmark]] @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
        np.testing.assert_allclose(
            (mine - mine[:1])[:-1], (true - true[:1])[: len(mine) - 1], atol=2e-3, err_msg=landmark
        )
