"""What a describer is shown of an observation."""

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.motion.fill import fill_hidden
from sm_jax.text.describer import Scene
from sm_jax.types import Array, Observation


def scene_of(observation: Observation, body: smpl.Body) -> Scene:
    """The joints of the gap-filled estimate, how far each is seen, and the frame rate."""
    return Scene(
        joints=np.asarray(_joints(body, observation)),
        visibility=np.asarray(observation.visibility),
        fps=float(observation.fps),
    )


@jax.jit
def _joints(body: smpl.Body, observation: Observation) -> Array:
    everywhere = jnp.ones(observation.visibility.shape[1])
    return smpl.pose(body, fill_hidden(observation.motion, observation.visibility, everywhere)).joints
