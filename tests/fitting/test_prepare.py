import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.assets import load_body
from sm_jax.body.skeleton import JOINTS
from sm_jax.data.schema import Landmarks
from sm_jax.data.sources.salsa import LANDMARKS
from sm_jax.data.store import load_salsa
from sm_jax.fitting import hands
from sm_jax.fitting.prepare import DAZ_ORIENTATIONS, prepare

FRAMES = slice(100, 160)


@pytest.fixture(scope="module")
def prepared():
    """Landmarks read off the packaged motion itself, as if a figure with the body's own joints had been measured,
    taller than it by a tenth, and held 5 cm above the floor."""
    body, take = load_body("open-low"), next(s for s in load_salsa() if s.name == "salsa_10")
    posed = smpl.pose(body, take.motion)
    joints, R = np.asarray(posed.joints)[:, FRAMES], np.asarray(posed.R_world_joint)[:, FRAMES]
    from_joint = {"chest": "spine3", "left_eye": "head", "right_eye": "head"}
    from_joint |= {"left_toe": "left_foot", "right_toe": "right_foot"}
    index = [JOINTS.index(from_joint.get(name, name)) for name in LANDMARKS]
    landmarks = Landmarks(
        name="made",
        names=tuple(LANDMARKS),
        positions=1.1 * joints[:, :, index] + np.array([0, 0, 0.05]),
        weight=np.ones((2, joints.shape[1], len(index)), np.float32),
        orientations=R[:, :, index],
        fps=30.0,
        text="two people dance",
        split="val",
    )
    return body, take, *prepare(body, landmarks)


def test_the_sequence_is_the_takes_motion_on_a_taller_body(prepared):
    body, take, sequence, report = prepared
    assert sequence.motion.body_pose.shape == (2, 60, 23, 3, 3)
    assert (sequence.text, sequence.split, sequence.fps) == ("two people dance", "val", 30.0)
    leg = lambda betas: -float(np.asarray(smpl.rest_joints(body, betas))[0, 7, 1])  # noqa: E731
    assert leg(sequence.motion.betas) == pytest.approx(1.1 * leg(take.motion.betas), rel=0.03)
    assert report.line_error < 3
    assert np.median(list(report.joint_error.values())) < 40


def test_people_stand_on_the_floor_with_hands_closed(prepared):
    body, _, sequence, report = prepared
    posed = smpl.pose(body, sequence.motion)
    lowest = np.asarray(smpl.vertices(body, posed))[..., 2].min(axis=-1)
    np.testing.assert_allclose(np.median(lowest, axis=1), 0, atol=0.03)
    assert report.hold_share > 0
    assert np.median(report.gap_after) < 1e3 * 0.11
    touching = hands.hand_gaps(posed.joints)[sequence.hand_contact > 0]
    assert touching.max() < hands.TOUCH


def test_the_daz_correspondence_names_landmarks_that_the_reader_gives():
    assert set(DAZ_ORIENTATIONS.values()) <= set(LANDMARKS)
