"""What a describer may look at, and what it is."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.geometry.camera import project_points
from sm_jax.motion.frames import map_observation, pad
from sm_jax.motion.slerp_fill import fill_hidden
from sm_jax.text.clip_frames import ClipFrames
from sm_jax.types import Array, Description, Observation


@dataclasses.dataclass(frozen=True, kw_only=True)
class DescriberInput:
    """Two people over a clip, as the initial estimate has them. On the host.

    joints: [P, T, J, 3] metres, world z up, finite everywhere (gaps filled).  visibility: [P, T, J] in [0, 1].
    fps: frames per second.  pixels: [P, T, J, 2] where the joints are in the picture, None where no camera is known.
    pictures: frames of the clip in ascending order -> their RGB [H, W, 3] uint8, for describers that look at them; None
    where no video is at hand.  source_index: [T] the source's frame of each, None where they are the same.  start:
    seconds of the first frame since the source's first.
    """

    joints: np.ndarray
    visibility: np.ndarray
    fps: float
    pixels: np.ndarray | None = None
    pictures: Callable[[np.ndarray], Iterator[np.ndarray]] | None = None
    source_index: np.ndarray | None = None
    start: float = 0.0

    @property
    def frames(self) -> ClipFrames:
        """How its frames are counted in the source."""
        index = np.arange(self.n_frames) if self.source_index is None else self.source_index
        return ClipFrames(index=index, fps=self.fps, start=self.start)

    @property
    def n_frames(self) -> int:
        """Length of the clip."""
        return self.joints.shape[1]


class Describer(Protocol):
    """Says what the people of a scene do, in the scene's frames; `pipeline.describe` counts those of the source."""

    def __call__(self, scene: DescriberInput, /) -> Description: ...


# What a describer is shown of an observation.


def describer_input(
    observation: Observation,
    body: smpl.Body,
    pictures: Callable[[np.ndarray], Iterator[np.ndarray]] | None = None,
    start: float = 0.0,
) -> DescriberInput:
    """The joints of the gap-filled estimate, where they are in the picture, how far each is seen, and the frame rate.

    pictures: frames of the observation -> their RGB images, where there is a video.  start: seconds of its first frame.
    """
    n_frames = observation.visibility.shape[1]
    joints, pixels = (np.asarray(x)[:, :n_frames] for x in _joints(body, map_observation(observation, pad)))
    return DescriberInput(
        joints=joints,
        visibility=np.asarray(observation.visibility),
        fps=float(observation.fps),
        pixels=pixels,
        pictures=pictures,
        source_index=np.asarray(observation.frame_index),
        start=start,
    )


@jax.jit
def _joints(body: smpl.Body, observation: Observation) -> tuple[Array, Array]:
    everywhere = jnp.ones(observation.visibility.shape[1])
    joints = smpl.pose(body, fill_hidden(observation.motion, observation.visibility, everywhere)).joints
    return joints, project_points(jax.tree.map(jnp.asarray, observation.camera), joints)[0]
