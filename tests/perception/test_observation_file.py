import dataclasses
import pickle

import jax
import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.perception.observation_file import load_observation, load_source, save_observation
from sm_jax.perception.video import Video
from tests.motion.motions import front_camera, observe, random_motion


@pytest.fixture(scope="module")
def observation():
    rng = np.random.default_rng(0)
    return observe(random_motion(frames=5), front_camera(5), rng.uniform(0, 900, (2, 5, 23, 2)))


@pytest.fixture
def saved(tmp_path, observation):
    save_observation(tmp_path / "o.npz", observation)
    return tmp_path / "o.npz", observation


def change(path, **arrays):
    with np.load(path) as file:
        content = dict(file)
    content.update({key: value(content[key].copy()) for key, value in arrays.items()})
    np.savez(path, **{key: value for key, value in content.items() if value is not None})


def test_round_trip(saved):
    path, observation = saved
    back = load_observation(path)
    assert load_source(path, back) is None
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-6, rtol=1e-6), back, observation)


def test_what_fills_up_a_length_is_not_written(tmp_path, observation):
    padded = dataclasses.replace(observation, frame_mask=np.array([1, 1, 1, 0, 0], np.float32))
    save_observation(tmp_path / "o.npz", padded)
    back = load_observation(tmp_path / "o.npz")
    assert back.frame_index.tolist() == [0, 1, 2] and back.frame_mask.tolist() == [1, 1, 1]


def test_the_video_s_times_travel_with_what_was_seen(tmp_path, observation):
    times = np.array([0.0, 0.1, 0.15, 0.3, 1 / 3, 0.5, 0.7])
    video = Video(path=tmp_path / "a\udcff.mp4", width=1000, height=1000, times=times, fps=8.6)
    path = tmp_path / "o.npz"
    save_observation(path, observation, video, focal_is_heuristic=True)
    found = load_source(path, load_observation(path))
    assert found is not None
    back, guessed = found
    assert guessed and back.path == video.path and back.fps == 8.6 and not back.has_pictures
    assert (back.width, back.height) == (1000, 1000)
    np.testing.assert_array_equal(back.times, times)
    for arrays in (
        {"video_times": lambda x: 1e9 * x},
        {"video_fps": lambda x: np.float64(1e-9)},
        {"video_times": lambda x: x[:3]},  # fewer than frame_index counts
        {"video_times": lambda x: x[::-1]},
        {"video_times": lambda x: x * np.nan},
        {"video_times": lambda x: x[:0]},
        {"video_fps": lambda x: -x},
        {"video_fps": lambda x: None},
        {"frame_index": lambda x: x[::-1]},
    ):
        save_observation(path, observation, video)
        change(path, **arrays)
        with pytest.raises(UserError, match="observe the video again") as error:
            load_source(path, load_observation(path))
        assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_refusals_name_the_key_and_the_frame(saved):
    path, _ = saved
    original = path.read_bytes()

    def put(value, *index):
        def edit(array):
            array[index] = value
            return array

        return edit

    for arrays, words in (
        ({"keypoints": put(np.nan, 1, 3, 4, 0)}, "`keypoints`, frame 3"),
        ({"pelvis": put(np.inf, 0, 2, 1)}, "`pelvis`, frame 2"),
        ({"R": put(np.nan, 4, 0, 0)}, "`R`, frame 4"),
        ({"betas": put(np.nan, 0, 0)}, "`betas` is NaN"),
        ({"visibility": put(1.5, 0, 1, 0)}, r"`visibility`, frame 1 .* outside \[0, 1\]"),
        ({"fps": put(0.0)}, "`fps` is NaN, infinite or outside"),
        ({"fps": put(np.nan)}, "`fps` is NaN, infinite or outside"),
        ({"image_size": put(-1.0, 0)}, "`image_size` is NaN"),
        ({"betas": put(1e6, 0, 0)}, "`betas` is NaN"),
        ({"pelvis": put(1e30, 0, 2, 1)}, "`pelvis`, frame 2"),
        ({"K": put(0.0, 0, 0)}, "`K` is no camera's"),
        ({"K": put(1.0, 2, 0)}, "`K` is no camera's"),
        ({"R": put(0.0, 4)}, "`R` holds what is no rotation"),
        ({"poses": lambda x: x.astype(str)}, "`poses` holds no numbers"),
        ({"betas": lambda x: x.astype(complex)}, "`betas` holds no numbers"),
        ({"t": lambda x: x[:-1]}, r"`t` has shape \(4, 3\), expected \(5, 3\)"),
        ({"poses": lambda x: x[..., :2]}, "`poses` has shape"),
        ({"fps": lambda x: None}, "`fps` is missing"),
        ({"format": lambda x: np.array("else")}, "not an observation"),
    ):
        path.write_bytes(original)
        change(path, **arrays)
        with pytest.raises(UserError, match=words) as error:
            load_observation(path)
        assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_foreign_files_are_refused(tmp_path, observation):
    path = tmp_path / "x.npz"
    with pytest.raises(UserError, match="no such file"):
        load_observation(path)
    path.write_bytes(pickle.dumps({"keypoints": 1}))
    with pytest.raises(UserError, match=r"x.npz"):
        load_observation(path)
    np.savez(path, format=np.array([{}], dtype=object))
    with pytest.raises(UserError, match=r"x.npz"):
        load_observation(path)
    with pytest.raises(UserError, match="cannot be written"):
        save_observation(tmp_path / "no" / "o.npz", observation)
