"""Another tool's result as what was seen of two people, and from there to a folder of results."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from experiments.lib.pickled import write_joblib
from experiments.lib.tool_files import ToolPeople, write_prompthmr
from experiments.studies.importers import in_camera
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import JOINTS
from sm_jax.cli.import_ import Import
from sm_jax.cli.reconstruct import Reconstruct
from sm_jax.errors import UserError
from sm_jax.evaluation.benchmarks.frozen import FOUR_VIEWS, load
from sm_jax.geometry.camera import project_points
from sm_jax.perception.fusion import FusedKeypoints
from sm_jax.perception.importers.options import ImportOptions
from sm_jax.perception.landmarks import landmarker_asset
from sm_jax.perception.observation_file import load_observation
from sm_jax.perception.video import Video
from sm_jax.pipeline import folder, importing
from sm_jax.pipeline.folder import reconstruct_to_folder
from sm_jax.pipeline.importing import import_clip, result_paths
from sm_jax.pipeline.result import load_result
from sm_jax.sampling.sample import Settings
from sm_jax.text.describers import rules
from tests.helpers import cached_asset
from tests.perception.importers import people as made
from tests.perception.importers.people import FOCAL, FRAMES, SIZE, People

BODY = load_body("open-low")
HIPS = [JOINTS.index("left_hip"), JOINTS.index("right_hip")]
TOOLS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "PHALP": (made.phalp, {"focal": FOCAL}),
    "GVHMR": (made.gvhmr, {}),
    "WHAM": (made.wham, {"image_size": SIZE}),
    "ROMP": (made.romp, {"image_size": SIZE, "focal": FOCAL}),
    "TRAM": (made.tram, {}),
    "SLAHMR": (made.slahmr, {}),
    "PromptHMR": (made.prompthmr, {}),
    "CoMotion": (made.comotion, {"image_size": SIZE, "focal": FOCAL}),
}


def hip_pixels(content):
    """Pixels [2, T, 2] of the middle of the hips of a result."""
    middle = np.asarray(content.joints)[:, :, HIPS].mean(axis=2, keepdims=True)
    return np.asarray(project_points(content.camera, middle)[0])[:, :, 0]


def hips(clip):
    """Pixels [2, T, 2] and depth [2, T] of the middle of the hips."""
    observation = clip.observation
    joints = smpl.pose(BODY, observation.motion).joints[:, :, np.array(HIPS)].mean(axis=2, keepdims=True)
    pixels, depth = project_points(observation.camera, joints)
    return np.asarray(pixels)[:, :, 0], np.asarray(depth)[:, :, 0]


@pytest.mark.parametrize("tool", TOOLS)
def test_people_stand_where_the_tool_saw_them(tmp_path, tool):
    write, options = TOOLS[tool]
    people = People()
    clip = import_clip(write(tmp_path, people), fps=30, body=BODY, **options)
    pixels, depth = hips(clip)
    true = people.pelvis + np.array([0, 0.09, 0])  # the hips, 9 cm below SMPL's pelvis
    assert clip.focal == pytest.approx(np.hypot(*SIZE) if tool == "WHAM" else FOCAL)
    np.testing.assert_allclose(depth, true[..., 2], atol=0.05)
    np.testing.assert_allclose(pixels, true[..., :2] / true[..., 2:] * clip.focal + [640, 360], atol=6)
    observation = clip.observation
    assert observation.motion.pelvis.shape == (2, FRAMES, 3) and not clip.focal_is_heuristic
    # upright on the ground of a world with z up, between them its origin
    joints = np.asarray(smpl.pose(BODY, observation.motion).joints)
    assert (joints[:, :, JOINTS.index("head"), 2] > 1.3).all()
    assert np.abs(joints[:, :, [10, 11], 2].min(axis=-1)).max() < 0.1
    # keypoints are in the picture where the body is, and half believed
    shown = np.asarray(project_points(observation.camera, smpl.keypoints(BODY, smpl.pose(BODY, observation.motion)))[0])
    np.testing.assert_allclose(observation.keypoints, shown, atol=0.1)
    assert observation.keypoint_confidence.max() <= 0.5 < observation.visibility.mean()


def test_a_moving_camera_moves_and_the_world_stands(tmp_path):
    people = People()
    still, moving = (
        import_clip(made.gvhmr(tmp_path, people), fps=30),
        import_clip(made.tram(tmp_path, people), fps=30),
    )
    path = np.asarray(moving.observation.motion.pelvis - still.observation.motion.pelvis)
    # the camera walks a metre to the right, so do the people who stay in its middle
    np.testing.assert_allclose(path[:, -1, 0] - path[:, 0, 0], 1.0, atol=0.02)
    np.testing.assert_allclose(hips(moving)[0], hips(still)[0], atol=6)


@pytest.mark.parametrize("ghosts", [True, False])
def test_who_is_missing_is_not_seen(tmp_path, ghosts):
    gone = range(10, 25)
    clip = import_clip(made.phalp(tmp_path, People(), gone, ghosts), focal=FOCAL, fps=30)
    seen = np.asarray(clip.observation.visibility).max(axis=-1) > 0
    assert seen[0].all() and not seen[1, 10:25].any() and seen[1, :10].all() and seen[1, 25:].all()
    assert not clip.observation.keypoint_confidence[1, 10:25].any()


def test_other_rates_are_resampled(tmp_path):
    clip = import_clip(made.gvhmr(tmp_path, People()), fps=60)
    np.testing.assert_array_equal(clip.observation.frame_index, np.arange(0, FRAMES, 2))


def test_the_focal_length_of_a_constant_is_not_believed(tmp_path, caplog):
    clip = import_clip(made.phalp(tmp_path, People()), fps=30)
    assert clip.focal_is_heuristic and clip.focal == pytest.approx(np.hypot(*SIZE)) and "focal length" in caplog.text
    np.testing.assert_allclose(hips(clip)[1], 4.0 * np.hypot(*SIZE) / FOCAL, atol=0.3)


def several(tmp_path):
    """PHALP's file with a third person, 30, far away, and person 4 in two pieces, 4 and 40."""
    from sm_jax.assets.pickles import read_pickled

    people, third = People(), People(distance=8.0)
    (path,) = made.phalp(tmp_path, people)
    (tmp_path / "far").mkdir()
    (other,) = made.phalp(tmp_path / "far", third)
    records, far = read_pickled(path), read_pickled(other)
    for frame, name in enumerate(records):
        for key in ("tracked_time", "smpl", "camera", "size", "conf"):
            records[name][key].append(far[name][key][1])
        records[name]["tid"] = [3, 4 if frame < 20 else 40, 30]
    write_joblib(path, {key: dict(record) for key, record in records.items()})
    return [path]


def test_of_many_people_those_who_are_near_each_other(tmp_path, caplog):
    paths = several(tmp_path)
    clip = import_clip(paths, focal=FOCAL, fps=30)
    assert "3 and 4" in caplog.text
    joined = import_clip(paths, focal=FOCAL, fps=30, people="4+40,3")
    assert (np.asarray(joined.observation.visibility).max(axis=-1) > 0).all()
    assert hips(joined)[0][0].mean() > hips(joined)[0][1].mean()  # as they were named
    assert clip.observation.motion.pelvis.shape[1] == FRAMES
    for wrong, told in (("3", "give two of"), ("3,9", "give two of"), ("3+30,4", "one frame")):
        with pytest.raises(UserError, match=told):
            import_clip(paths, focal=FOCAL, fps=30, people=wrong)


def test_amass_pairs_get_a_camera_that_sees_them(tmp_path):
    clip = import_clip(made.amass(tmp_path, People()), tool="amass", body=BODY)
    assert (clip.observation.visibility == 1).all()
    size = np.asarray(clip.observation.camera.image_size)
    assert ((clip.observation.keypoints > 0) & (clip.observation.keypoints < size)).all()
    pelvis = np.asarray(clip.observation.motion.pelvis)
    np.testing.assert_allclose(np.linalg.norm(pelvis[0] - pelvis[1], axis=-1), 0.7, atol=0.05)


@pytest.fixture(scope="module")
def from_keypoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keypoints")
    return import_clip(made.openpose(folder, People(frames=8)), image_size=SIZE, focal=FOCAL, fps=30)


def test_keypoints_alone_are_fitted(from_keypoints):
    observation, people = from_keypoints.observation, People(frames=8)
    found = np.asarray(project_points(observation.camera, smpl.keypoints(BODY, smpl.pose(BODY, observation.motion)))[0])
    error = np.linalg.norm(found - people.pixels(), axis=-1)[:, :, 5:17]
    assert np.median(error) < 8  # of people of 430 px
    assert (observation.keypoint_confidence[0, :, 0] == 0).all() and (
        observation.keypoint_confidence[1, :, 0] > 0
    ).all()
    np.testing.assert_allclose(hips(from_keypoints)[1], 4.0, atol=0.5)


class Front:
    """The front-end, which has looked at a film of these people already; it sees them in the other order, offset."""

    def __init__(self, folder, offset=(1.0, 1.0), **changes):
        pixels, n = People().pixels(), FRAMES
        film: dict[str, Any] = {"width": 1280, "height": 720, "times": np.arange(n) / 30, "fps": 30.0}
        self.video, self.looked = Video(path=folder / "v.mp4", **(film | changes)), False
        self.video.path.touch()
        confidence = np.full((2, n, 23), 0.9)
        confidence[:, :, 0] = 0.0
        times, index = np.arange(n) / 30, np.arange(n)
        flat, trusted = np.zeros((2, n, 23, 3)), np.ones((2, n), bool)
        self.found = FusedKeypoints(pixels[::-1] + np.array(offset), confidence, flat, trusted, times, index)

    def see(self, path, *, progress, accept):
        assert path == self.video.path
        accept(self.video)
        self.looked = True
        return self.video, self.found


def test_the_videos_keypoints_are_added(tmp_path, monkeypatch):
    people, front = People(), Front(tmp_path)
    pixels = people.pixels()
    monkeypatch.setattr(importing, "see", front.see)
    clip = import_clip(made.gvhmr(tmp_path, people), video=front.video.path)
    keypoints, sure = clip.observation.keypoints, clip.observation.keypoint_confidence
    np.testing.assert_allclose(keypoints[:, :, 1:], pixels[:, :, 1:] + 1.0, atol=1e-3)  # the other way round
    np.testing.assert_allclose(sure[:, :, 1:], 0.9, atol=1e-6)
    assert (sure[:, :, 0] <= 0.5).all() and clip.video is front.video


@pytest.mark.parametrize(
    ("film", "said", "words"),
    [
        ({"width": 640, "height": 360}, {}, "of pictures of 1280 x 720 pixels, and .*v.mp4 has 640 x 360"),
        ({"times": np.arange(30) / 30}, {}, "goes to frame 39, and .*v.mp4 has 30: another video"),
        ({}, {"fps": 60.0}, "--fps says 60 frames a second, and .*v.mp4 has 30: leave the option out"),
        ({}, {"image_size": (1920, 1080)}, "--image-size says pictures of 1920 x 1080 pixels, and .*v.mp4 has 1280"),
    ],
    ids=["size", "frames", "fps", "image_size"],
)
def test_a_video_that_does_not_fit_is_refused_before_anybody_is_looked_for(tmp_path, monkeypatch, film, said, words):
    front = Front(tmp_path, **film)
    monkeypatch.setattr(importing, "see", front.see)
    with pytest.raises(UserError, match=words):
        import_clip(made.gvhmr(tmp_path, People()), video=front.video.path, **said)
    assert not front.looked


def test_a_video_in_which_people_are_elsewhere_is_told(tmp_path, monkeypatch, caplog):
    paths = made.gvhmr(tmp_path, People())
    monkeypatch.setattr(importing, "see", Front(tmp_path, (100.0, 0.0)).see)  # of people of 430 px
    import_clip(paths, video=tmp_path / "v.mp4")
    assert "% of their size from where the video has them: is it the one" in caplog.text
    monkeypatch.setattr(importing, "see", Front(tmp_path, (0.0, 400.0)).see)
    with pytest.raises(UserError, match="another video, or one of other frames"):
        import_clip(paths, video=tmp_path / "v.mp4")
    with pytest.raises(UserError, match="gone.mp4"):
        import_clip(paths, video=tmp_path / "gone.mp4")


@pytest.mark.slow  # the front-end looks at fifty pictures of 1088 x 1920, half a minute
def test_a_real_video_beside_a_file(monkeypatch, caplog, tmp_path):
    """PromptHMR's file of what the front-end once estimated of the sample clip, at every other of its 60 frames a
    second; the same a second later; and what it estimated in another view of the same people."""
    for name in ("sample-clip", "movenet-multipose", landmarker_asset()):
        cached_asset(name)
    (sequence,) = load(FOUR_VIEWS)
    seen, beside = (view.observation for view in sequence.views[:2])
    assert seen is not None and beside is not None
    see, looked = importing.see, []

    def see_once(path, *, progress, accept):
        looked.extend([] if looked else [see(path, progress=progress, accept=accept)])
        accept(looked[0][0])
        return looked[0]

    monkeypatch.setattr(importing, "see", see_once)
    video: dict[str, Any] = {"video": "sample:cam01", "progress": False}
    people = in_camera(seen, "smplx")
    clip = import_clip(write_prompthmr(tmp_path, spread(people)), **video)
    found = clip.observation
    np.testing.assert_array_equal(found.frame_index, seen.frame_index)
    assert clip.video is not None and clip.pictures is not None
    assert clip.video.fps == pytest.approx(60) and clip.video.frames == 100 and "of their size" not in caplog.text
    assert clip.focal == pytest.approx(float(seen.camera.K[0, 0]))
    # the front-end sees now what it saw then, and is believed where it is surer than a projection
    surer = np.asarray(seen.keypoint_confidence) > 0.5
    apart = np.linalg.norm(found.keypoints - seen.keypoints, axis=-1)[surer]
    assert surer.mean() > 0.5 and np.median(apart) < 1.0 and np.percentile(apart, 90) < 15
    assert (np.abs(found.keypoint_confidence - seen.keypoint_confidence)[surer] < 0.1).mean() > 0.9
    assert (np.asarray(found.visibility).max(axis=-1) > 0).all()
    np.testing.assert_array_equal(next(iter(clip.pictures(np.array([3])))).shape, (1920, 1088, 3))
    with pytest.raises(UserError, match="goes to frame 158, and .* has 100: another video"):
        import_clip(write_prompthmr(tmp_path, spread(people, 60)), **video)
    with pytest.raises(UserError, match="--fps says 30 frames a second, and .* has 60"):
        import_clip(write_prompthmr(tmp_path, spread(people)), fps=30, **video)
    with pytest.raises(UserError, match="another video, or one of other frames"):
        import_clip(write_prompthmr(tmp_path, spread(in_camera(beside, "smplx"))), **video)


def spread(people: ToolPeople, later: int = 0) -> ToolPeople:
    """At 60 frames a second: a frame in which nobody was seen after each, and so many before all."""
    twice: dict[str, Any] = {
        name: np.repeat(getattr(people, name), 2, axis=1)[:, :-1] for name in ("rotations", "pelvis", "seen")
    }
    twice["seen"][:, 1::2] = False
    twice = {name: np.concatenate([x[:, :1].repeat(later, axis=1), x], axis=1) for name, x in twice.items()}
    twice["seen"][:, :later] = False
    return dataclasses.replace(people, **twice)


def test_what_a_file_does_not_say_is_asked_for(tmp_path):
    people = People(frames=3)
    with pytest.raises(UserError, match="--image-size"):
        import_clip(made.wham(tmp_path, people))
    with pytest.raises(UserError, match="--focal"):
        import_clip(made.comotion(tmp_path, people), image_size=SIZE)
    with pytest.raises(UserError, match="one person only"):
        import_clip(made.gvhmr(tmp_path, people)[:1])


def test_nobody_is_behind_the_camera(tmp_path):
    people = People()
    people.pelvis[0, 5:9, 2] = -1.0
    clip = import_clip(made.comotion(tmp_path, people), image_size=SIZE, focal=FOCAL, fps=30)
    seen = np.asarray(clip.observation.visibility).max(axis=-1) > 0
    assert not seen[0, 5:9].any() and seen[0, :5].all() and seen[0, 9:].all() and seen[1].all()
    people.pelvis[..., 2] = -1.0
    with pytest.raises(UserError, match="behind the camera"):
        import_clip(made.comotion(tmp_path, people), image_size=SIZE, focal=FOCAL, fps=30)


def test_what_is_another_tools_result(tmp_path):
    people, none = People(frames=3), ImportOptions()
    assert result_paths([str(made.phalp(tmp_path, people)[0])], none) is not None
    assert result_paths([str(made.slahmr(tmp_path, people)[0])], none) is not None
    assert result_paths(["clip.mp4"], none) is None
    with pytest.raises(UserError, match="no such file"):
        result_paths(["gone.pkl"], none)
    with pytest.raises(UserError, match="--image-size is for"):
        result_paths(["clip.mp4"], ImportOptions(image_size=SIZE))


def test_one_missing_for_thirty_frames_is_infilled_and_both_are_exported(tmp_path, capsys):
    cached_asset("minilm")
    people = People()
    (path,) = made.phalp(tmp_path, people, range(5, 35))
    options = ImportOptions(fps=30.0)
    Import(input=str(path), out=tmp_path / "seen.npz", focal=FOCAL, options=options).run()
    assert "missing in 0 and 30" in capsys.readouterr().out
    assert not load_observation(tmp_path / "seen.npz").visibility[1, 5:35].any()
    out = tmp_path / "out"
    reconstruct_to_folder(
        [str(path)],
        out,
        describer=rules.describe,
        body_name="open-low",
        focal=FOCAL,
        settings=Settings(steps=2, final_guidance_steps=5, fall_back=False),  # to see what the models make up
        seed=0,
        overwrite=False,
        imported=options,
    )
    result = load_result(out)
    found, first = result.content, result.before()
    assert found.infilled[1, 5:35].all() and not found.infilled[0].any()
    # what is infilled is not the estimate drawn through the gap, and is where the person was
    moved = np.linalg.norm(found.joints - first.joints, axis=-1)[1, 5:35]
    assert moved.mean() > 2e-3 and np.isfinite(found.joints).all()
    off = hip_pixels(found)[1] - people.pelvis[1, :, :2] / people.pelvis[1, :, 2:] * FOCAL - [640, 360]
    assert np.abs(off[:, 0]).max() < 60  # 24 cm
    for person in (0, 1):
        bvh = (out / f"person{person}.bvh").read_text()
        assert f"Frames: {FRAMES}" in bvh
        assert len(np.load(out / f"person{person}_amass.npz")["poses"]) == FRAMES
    glb = (out / "people.glb").read_bytes()
    tree = json.loads(glb[20 : 20 + int.from_bytes(glb[12:16], "little")])
    assert len(tree["skins"]) == 2


def test_the_command_hands_everything_on(tmp_path, monkeypatch):
    handed = {}
    monkeypatch.setattr(folder, "reconstruct_to_folder", lambda *given, **named: handed.update(named, given=given))
    imported = ImportOptions(people="1,2")
    Reconstruct(input="a.pt", more=("b.pt",), out=tmp_path / "out", imported=imported).run()
    assert handed["given"][0] == ("a.pt", "b.pt") and handed["imported"] is imported
