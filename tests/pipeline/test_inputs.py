"""Faults of inputs are tested where users make them: in test_cli."""

import dataclasses
import pathlib

import av
import jax.numpy as jnp
import numpy as np

from sm_jax.body.io import load_body
from sm_jax.perception.frames import Video
from sm_jax.perception.observation_file import save_observation
from sm_jax.pipeline.inputs import get_observation, get_pictures, open_source
from sm_jax.pipeline.observe import ObservedVideo
from tests.motion.motions import front_camera, observe, random_motion

seen = observe(random_motion(), front_camera(), jnp.full((2, 12, 23, 2), 5.0))


def greys(path: pathlib.Path, frames: int) -> Video:
    """A video whose frame n is of grey 4 n."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=60)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 4 * number, np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return Video(path, 64, 64, 60.0, frames)


def test_a_saved_observation_has_no_pictures(tmp_path):
    save_observation(tmp_path / "seen.npz", seen)
    found = open_source(str(tmp_path / "seen.npz"), load_body("open-low"), None)
    assert get_observation(found) is found and get_pictures(found) is None


def test_pictures_are_those_of_the_observation_s_frames(tmp_path):
    observation = dataclasses.replace(seen, frame_index=np.arange(0, 48, 4))
    observed = ObservedVideo(
        observation=observation,
        video=greys(tmp_path / "greys.mp4", 48),
        focal=100.0,
        focal_is_heuristic=True,
        up_camera=np.array([0.0, -1.0, 0.0]),
    )
    assert get_observation(observed) is observation
    pictures = get_pictures(observed)
    assert pictures is not None
    shown = [float(image.mean()) for image in pictures(np.array([0, 3, 11]))]
    np.testing.assert_allclose(shown, [0, 48, 176], atol=4)
