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
from sm_jax.perception.frames import probe, read_frames
from sm_jax.perception.tracking import Tracks
from sm_jax.perception.video import Video
from sm_jax.pipeline import observe
from tests.fitting.sights import BODY, FRAMES, K, seen, walking
from tests.helpers import cached_asset
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
        observe.check_two_people(video, alone, observe.MIN_TOGETHER)
    assert "\n" not in str(error.value)
    rarely = tracks([[1] * 3 + [0] * 5, [0] * 8])
    with pytest.raises(UserError, match=r"dance.mp4: only one person was found in 3 of 8 frames \(nobody in 5\); give"):
        observe.check_two_people(video, rarely, 0.0)
    with pytest.raises(UserError, match="nobody was found in 8 of 8 frames; give"):
        observe.check_two_people(video, tracks(np.zeros((2, 8))), 0.0)
    observe.check_two_people(video, tracks([[1] * 8, [0] * 4 + [1] * 4]), observe.MIN_TOGETHER)


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


# Pixels in the first frame of cam01 of shoulders, hips and knees, left before right, from triangulation over four
# views (reprojection within 10 px): the man at the left of the picture, then the woman.
FIRST_FRAME = np.array(
    [
        [[522, 496], [375, 491], [462, 734], [372, 728], [457, 930], [363, 899]],
        [[746, 1024], [940, 1037], [692, 1311], [791, 1276], [622, 1499], [733, 1466]],
    ]
)


def test_the_sample_clip_is_seen_as_two_people(tmp_path):
    """Half a second of a real video, from its file to an observation."""
    for name in ("movenet-multipose", "blazepose-heavy"):
        cached_asset(name)
    clip = cached_asset("sample-clip") / "cam01.mp4"
    images = [frame.image for frame, _ in zip(read_frames(probe(clip), 30.0), range(12), strict=False)]
    path = write_video(tmp_path / "clip.mp4", images, [i / 30 for i in range(12)])
    observed = observe.observe(path, body=BODY, progress=False)
    seen = observed.observation
    assert observed.focal_is_heuristic and observed.focal == pytest.approx(np.hypot(1088, 1920))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(seen))
    assert seen.keypoints.shape == (2, 12, 23, 2) and seen.visibility.shape == (2, 12, 24) and seen.fps == 30
    body = [KEYPOINTS.index(f"{side}_{name}") for name in ("shoulder", "hip", "knee") for side in ("left", "right")]
    off = np.linalg.norm(seen.keypoints[:, 0, body] - FIRST_FRAME, axis=-1)
    assert off.max() < 60 and np.median(off) < 25  # a torso is 250 to 350 px long
    joints = smpl.pose(BODY, seen.motion).joints
    pixels, _ = project_points(
        jax.tree.map(jnp.asarray, seen.camera), smpl.keypoints(BODY, smpl.pose(BODY, seen.motion))
    )
    sure = seen.keypoint_confidence > 0.5
    assert np.median(np.linalg.norm(pixels - seen.keypoints, axis=-1)[sure]) < 12
    height = np.asarray(joints)[..., 2]
    assert (height[..., JOINTS.index("head")] > 1.0).all() and np.abs(height[..., [10, 11]].min(axis=-1)).max() < 0.3
    apart = np.linalg.norm(seen.motion.pelvis[0] - seen.motion.pelvis[1], axis=-1)
    assert 0.8 < np.median(apart) < 2.5  # truly 1.6 m
