import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.geometry.camera import project_points


@pytest.fixture(scope="module")
def errors(simulated):
    """Keypoint error in body heights, and error relative to the other person's keypoint."""
    camera = simulated.seen.camera
    points = smpl.keypoints(load_body("open-low"), simulated.posed)
    pixels, depth = project_points(camera, points)
    height = 1.7 * np.asarray(camera.K)[:, None, None, None, 0, 0] / np.asarray(depth)
    found = np.asarray(simulated.seen.keypoints)
    distance = lambda target: np.linalg.norm(found - np.asarray(target), axis=-1) / height  # noqa: E731
    return distance(pixels), distance(pixels[:, ::-1])


def test_confident_keypoints_are_near_and_doubtful_ones_are_not(simulated, errors):
    own, _ = errors
    confidence = np.asarray(simulated.seen.keypoint_confidence)
    assert np.median(own[confidence > 0.7]) < 0.02
    assert np.median(own[(confidence < 0.3)]) > 0.03


def test_some_hidden_keypoints_jump_to_the_other_person_and_stay_confident(simulated, errors):
    own, other = errors
    confidence = np.asarray(simulated.seen.keypoint_confidence)
    jumped = (other < 0.03) & (own > 0.15)
    assert 0.002 < jumped.mean() < 0.06
    assert (confidence[jumped] > 0.4).mean() > 0.4


def test_missing_keypoints_have_no_confidence_at_all(simulated):
    confidence = np.asarray(simulated.seen.keypoint_confidence)
    assert not ((confidence > 0) & (confidence < 0.1)).any()
    assert (confidence == 0).mean() > 0.005
