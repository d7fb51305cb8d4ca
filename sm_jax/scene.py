"""What a describer is shown of an observation."""

from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.geometry.camera import project_points
from sm_jax.motion.fill import fill_hidden
from sm_jax.text.describer import Scene
from sm_jax.types import Array, Observation


def scene_of(
    observation: Observation,
    body: smpl.Body,
    pictures: Callable[[np.ndarray], Iterator[np.ndarray]] | None = None,
) -> Scene:
    """The joints of the gap-filled estimate, where they are in the picture, how far each is seen, and the frame rate.

    pictures: frames of the observation -> their RGB images, where there is a video.
    """
    joints, pixels = _joints(body, observation)
    return Scene(
        joints=np.asarray(joints),
        visibility=np.asarray(observation.visibility),
        fps=float(observation.fps),
        pixels=np.asarray(pixels),
        pictures=pictures,
    )


@jax.jit
def _joints(body: smpl.Body, observation: Observation) -> tuple[Array, Array]:
    everywhere = jnp.ones(observation.visibility.shape[1])
    joints = smpl.pose(body, fill_hidden(observation.motion, observation.visibility, everywhere)).joints
    return joints, project_points(jax.tree.map(jnp.asarray, observation.camera), joints)[0]
