import dataclasses
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, KEYPOINTS
from sm_jax.errors import UserError
from sm_jax.geometry.camera import project, project_points
from sm_jax.perception.landmarks import SINGLE, landmarker_asset
from sm_jax.perception.observation_file import LandmarkMetres
from sm_jax.perception.tracking import Tracks
from sm_jax.perception.video import Video
from sm_jax.pipeline import observe
from sm_jax.pipeline.first_look import DETECTOR, MIN_TOGETHER, check_two_people
from sm_jax.pipeline.observed_clip import ObservedClip, load_clip
from tests.fitting.sights import BODY, FRAMES, K, seen, walking
from tests.helpers import cached_asset
from tests.motion.motions import observe as perfect
from tests.perception.people import people
from tests.perception.videos import shades, write_video

SIZE = np.array([1080.0, 1920.0], np.float32)


@pytest.fixture(scope="module")
def scene():
    return jax.device_get(seen(walking())[0])


def test_the_world_is_upright_and_the_camera_matches(scene):
    camera, motion = observe.to_world(scene, K, SIZE)
    points = smpl.keypoints(BODY, smpl.pose(BODY, motion))
    pixels, depth = project_points(jax.tree.map(jnp.asarray, camera), points)
    before = project(jnp.asarray(K), smpl.keypoints(BODY, smpl.pose(BODY, scene.motion)))
    np.testing.assert_allclose(pixels, before, atol=0.05)
    assert (depth > 1).all()
    np.testing.assert_allclose(camera.R[0][:, 2], scene.up, atol=1e-6)
    middle = np.median(np.mean(motion.pelvis, axis=0), axis=0)
    np.testing.assert_allclose(middle[:2], 0, atol=1e-3)
    lowest = np.asarray(points)[..., 2].min(axis=-1)
    assert np.abs(lowest).max() < 0.1 and np.linalg.det(camera.R[0]) == pytest.approx(1, abs=1e-5)


def test_visibility_is_what_was_detected_and_not_hidden(scene):
    camera, motion = observe.to_world(scene, K, SIZE)
    confidence = np.ones((2, FRAMES, len(KEYPOINTS)), np.float32)
    confidence[0, :, KEYPOINTS.index("left_wrist")] = 0.1
    # The second person stands right behind the first, as the camera sees it.
    away = np.array([0.0, 0.8, 0.0], np.float32)
    behind = dataclasses.replace(motion, pelvis=np.stack([motion.pelvis[0], motion.pelvis[0] + away]))
    apart, hidden = (observe.visibility(BODY, m, camera, confidence) for m in (motion, behind))
    assert apart.shape == (2, FRAMES, len(JOINTS)) and apart.min() >= 0 and apart.max() <= 1
    assert np.median(apart[1]) > 0.9
    np.testing.assert_allclose(apart[0, :, JOINTS.index("left_wrist")].max(), 0.1, atol=0.01)
    assert np.median(hidden[1, :, : JOINTS.index("neck")]) < 0.5 < 0.8 < np.median(hidden[0])


def tracks(found):
    found = np.array(found, bool)
    n = found.shape[1]
    return Tracks(np.zeros((2, n, 17, 2)), np.zeros((2, n, 17)), found, np.arange(n) / 30, np.arange(n))


def test_one_person_is_not_enough():
    video = Video(path=Path("dance.mp4"), width=640, height=480, times=np.arange(8) / 30, fps=30.0)
    alone = tracks([[1] * 8, [0] * 7 + [1]])
    with pytest.raises(UserError, match=r"in 7 of 8 frames \(both in 1\); give a") as error:
        check_two_people(video, alone, MIN_TOGETHER)
    assert "\n" not in str(error.value)
    rarely = tracks([[1] * 3 + [0] * 5, [0] * 8])
    with pytest.raises(UserError, match=r"dance.mp4: only one person was found in 3 of 8 frames \(nobody in 5\); give"):
        check_two_people(video, rarely, 0.0)
    with pytest.raises(UserError, match="nobody was found in 8 of 8 frames; give"):
        check_two_people(video, tracks(np.zeros((2, 8))), 0.0)
    check_two_people(video, tracks([[1] * 8, [0] * 4 + [1] * 4]), MIN_TOGETHER)


def test_bad_input_gets_one_line(tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    with pytest.raises(UserError, match=r"text.mp4: not a video"):
        observe.observe(text, body=BODY)
    video = write_video(tmp_path / "v.mp4", shades(3), [0.0, 0.1, 0.2])
    for focal in (-5.0, 0.0, float("nan")):
        with pytest.raises(UserError, match="focal length"):
            observe.observe(video, body=BODY, focal=focal)


def test_an_empty_room_gets_one_line(tmp_path):
    cached_asset("movenet-multipose")
    video = write_video(tmp_path / "v.mp4", shades(3), [0.0, 0.1, 0.2])
    with pytest.raises(UserError, match=r"v.mp4: nobody was found in \d+ of \d+ frames"):
        observe.observe(video, body=BODY, progress=False)


def test_what_was_seen_is_fitted_again_without_looking(tmp_path, monkeypatch):
    """From the keypoints and their depths that the file keeps, under the focal length that is said."""
    scene, sight = jax.device_get(seen(walking()))
    camera, motion = observe.to_world(scene, K, SIZE)
    first = ObservedClip(
        observation=dataclasses.replace(
            perfect(motion, camera, np.asarray(sight.keypoints)), frame_index=np.arange(5, 5 + FRAMES)
        ),
        body=BODY,
        landmarks=LandmarkMetres(np.asarray(sight.metres), np.asarray(sight.metres_weight) > 0),
    )
    path = tmp_path / "seen.npz"
    first.save(path)
    monkeypatch.setattr(observe, "see", lambda path, **_: pytest.fail("nobody has to look again"))
    same = observe.observe(path, body=BODY)
    np.testing.assert_allclose(same.observation.motion.pelvis, motion.pelvis, atol=1e-6)
    fitted = []
    monkeypatch.setattr(observe, "fit_people", lambda body, *given: fitted.append(given) or scene)
    longer = observe.observe(path, body=BODY, focal=1.3 * float(K[0, 0]))
    ((evidence, intrinsics),) = fitted
    np.testing.assert_allclose(intrinsics, [[1820, 0, 540], [0, 1820, 960], [0, 0, 1]], rtol=1e-6)
    for found, given in ((evidence.keypoints, sight.keypoints), (evidence.metres, sight.metres)):
        np.testing.assert_allclose(found, given, rtol=1e-6)
    np.testing.assert_array_equal(evidence.trusted, np.asarray(sight.metres_weight) > 0)
    assert longer.focal == pytest.approx(1820) and not longer.focal_is_heuristic
    np.testing.assert_array_equal(longer.observation.frame_index, first.observation.frame_index)
    with pytest.raises(UserError, match="is on the body open-low, not on other"):
        load_clip(path, dataclasses.replace(BODY, name="other"))
    dataclasses.replace(first, landmarks=None).save(tmp_path / "bare.npz")
    with pytest.raises(UserError, match="did not see it, so its people cannot be fitted again"):
        observe.observe(tmp_path / "bare.npz", body=BODY, focal=900.0)
    with pytest.raises(UserError, match=r"was seen in no video; leave out .*v.mp4"):
        observe.observe(path, body=BODY, video=tmp_path / "v.mp4")


def test_the_detector_that_is_given_looks(tmp_path):
    for name in (DETECTOR, landmarker_asset(), SINGLE):
        cached_asset(name)
    looked = []

    def detect(image, square):
        looked.append(image.shape)
        return people()

    video = write_video(tmp_path / "v.mp4", shades(3), [0.0, 0.1, 0.2])
    with pytest.raises(UserError, match="nobody was found in"):
        observe.observe(video, body=BODY, detector=detect, progress=False)
    assert looked
    (tmp_path / "v.npz").touch()
    with pytest.raises(UserError, match="seen already"):
        observe.observe(tmp_path / "v.npz", body=BODY, detector=detect)
