import dataclasses

import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS
from sm_jax.data.schema import PARTNER_ASIDE, LandmarkMotion
from sm_jax.data.sources.salsa import LANDMARKS
from sm_jax.data.store import load_salsa
from sm_jax.fitting.mocap import hands
from sm_jax.fitting.mocap.prepare import prepare

FRAMES = slice(100, 160)


@pytest.fixture(scope="module")
def take():
    return next(s for s in load_salsa() if s.name == "salsa_10")


@pytest.fixture(scope="module")
def landmarks(body, take) -> LandmarkMotion:
    """Landmarks read off the packaged motion itself, as if a figure with the body's own joints had been measured,
    taller than it by a tenth, and held 5 cm above the floor."""
    posed = smpl.pose(body, take.motion)
    joints, R = np.asarray(posed.joints)[:, FRAMES], np.asarray(posed.R_world_joint)[:, FRAMES]
    from_joint = {"chest": "spine3", "left_eye": "head", "right_eye": "head"}
    from_joint |= {"left_toe": "left_foot", "right_toe": "right_foot"}
    index = [JOINTS.index(from_joint.get(name, name)) for name in LANDMARKS]
    return LandmarkMotion(
        name="made",
        names=tuple(LANDMARKS),
        positions=1.1 * joints[:, :, index] + np.array([0, 0, 0.05]),
        weight=np.ones((2, joints.shape[1], len(index)), np.float32),
        orientations=R[:, :, index],
        fps=30.0,
        texts=("two people dance", "they dance"),
        split="val",
    )


@pytest.fixture(scope="module")
def prepared(body, landmarks):
    return prepare(body, landmarks, "made", close_hands=True)


def leg(body, betas) -> float:
    return -float(np.asarray(smpl.rest_joints(body, betas))[0, 7, 1])


def test_the_sequence_is_the_takes_motion_on_a_taller_body(body, take, prepared):
    sequence, report = prepared
    assert sequence.motion.body_pose.shape == (2, 60, 23, 3, 3)
    assert (sequence.texts, sequence.split, sequence.fps) == (("two people dance", "they dance"), "val", 30.0)
    assert (sequence.source, sequence.body, sequence.present.tolist()) == ("made", "open-low", [True, True])
    assert leg(body, sequence.motion.betas) == pytest.approx(1.1 * leg(body, take.motion.betas), rel=0.03)
    assert report.line_error < 3
    assert np.median(list(report.joint_error.values())) < 40


def test_people_stand_on_the_floor_with_hands_closed(body, prepared):
    sequence, report = prepared
    posed = smpl.pose(body, sequence.motion)
    lowest = np.asarray(smpl.vertices(body, posed))[..., 2].min(axis=-1)
    np.testing.assert_allclose(np.median(lowest, axis=1), 0, atol=0.03)
    assert report.hold_share > 0
    assert np.median(report.gap_after) < 1e3 * 0.11
    holds = [c for c in sequence.contacts if c.region_a == c.region_b == "hand"]
    assert holds
    assert np.median(hands.hand_gaps(posed.joints)[hands.held_frames(tuple(holds), 60)]) < hands.TOUCH


def test_positions_of_a_few_landmarks_are_enough(body, take, landmarks):
    """No orientations, hands, toes or neck, one person's wrist lost for some frames."""
    kept = [i for i, name in enumerate(landmarks.names) if not name.endswith(("hand", "toe", "chest", "eye", "head"))]
    weight = landmarks.weight[:, :, kept].copy()
    positions = landmarks.positions[:, :, kept].copy()
    wrist = [landmarks.names[i] for i in kept].index("left_wrist")
    weight[0, 20:30, wrist], positions[0, 20:30, wrist] = 0, np.nan
    bare = dataclasses.replace(
        landmarks,
        names=tuple(landmarks.names[i] for i in kept),
        positions=positions,
        weight=weight,
        orientations=None,
    )
    sequence, report = prepare(body, bare, "made")
    assert report.line_error < 5
    assert report.hold_share == 0
    assert leg(body, sequence.motion.betas) == pytest.approx(1.1 * leg(body, take.motion.betas), rel=0.03)
    limbs = [JOINTS.index(f"{side}_{name}") for side in ("left", "right") for name in ("knee", "ankle", "elbow")]
    joints = np.asarray(smpl.pose(body, sequence.motion).joints)[:, :, limbs]
    true = 1.1 * np.asarray(smpl.pose(body, take.motion).joints)[:, FRAMES][:, :, limbs]
    offset = joints - true
    offset[..., 2] -= np.median(offset[..., 2], axis=(1, 2))[:, None, None]
    assert np.median(np.linalg.norm(offset, axis=-1)) < 0.04


def test_of_a_single_person_there_are_no_contacts(body, landmarks):
    alone = dataclasses.replace(landmarks, weight=landmarks.weight * np.array([1, 0])[:, None, None])
    sequence, _ = prepare(body, alone, "made")
    assert sequence.present.tolist() == [True, False]
    assert sequence.contacts == ()
    assert all(np.isfinite(x).all() for x in (sequence.motion.body_pose, sequence.motion.pelvis))


def test_one_persons_take_gets_a_stand_in_aside(body, landmarks):
    one = dataclasses.replace(landmarks, positions=landmarks.positions[:1], weight=landmarks.weight[:1],
                              orientations=landmarks.orientations[:1])  # fmt: skip
    sequence, report = prepare(body, one, "made")
    assert sequence.present.tolist() == [True, False] and sequence.contacts == ()
    assert sequence.motion.body_pose.shape == (2, 60, 23, 3, 3) and sequence.foot_contact.shape == (2, 60, 4)
    np.testing.assert_allclose(
        sequence.motion.pelvis[1] - sequence.motion.pelvis[0], np.tile([PARTNER_ASIDE, 0, 0], (60, 1)), atol=1e-5
    )
    assert report.line_error < 3 and np.median(list(report.joint_error.values())) < 40
    assert report.penetration_after.deep == 0
