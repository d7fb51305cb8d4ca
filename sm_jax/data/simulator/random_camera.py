"""Random static cameras that look at two people."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.geometry import safe
from sm_jax.geometry.rotations import axis_angle_to_matrix, compose, rotate
from sm_jax.types import Array, Camera

# Width and height in pixels; landscape and portrait.
_SIZES = np.array([[1920, 1080], [1280, 720], [640, 480], [1080, 1920], [720, 1280]], np.float32)
_MARGIN = 0.8  # metres of width that the picture shows beyond the pelvises


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class ViewpointConfig:
    """Ranges that a camera is drawn from. distance: metres from the pair, over the floor.  height: metres above the
    floor.  field: metres of height that the picture shows at the pair.  width: metres of width that it shows at least.
    focal: limits of the focal length, in diagonals of the picture.  aim, roll: standard deviations of where it looks
    beside the pair's middle, in metres, and of its turn about the line of sight, in radians."""

    distance: tuple[float, float] = (2.5, 7.0)
    height: tuple[float, float] = (0.8, 2.2)
    field: tuple[float, float] = (1.9, 4.0)
    width: float = 1.6
    focal: tuple[float, float] = (0.5, 1.6)
    aim: float = 0.2
    roll: float = 0.03


# As clips are that people bring: from the floor to the gallery, half bodies, wide and long lenses, held by hand.
ANY_CLIP = ViewpointConfig(
    distance=(1.8, 8.0), height=(0.3, 4.0), field=(1.0, 5.0), width=1.0, focal=(0.5, 2.0), aim=0.3, roll=0.12
)


def random_camera(key: Array, pelvis: Array, present: Array, config: ViewpointConfig) -> Camera:
    """A camera for the people present [P] in {0, 1}, whose pelvises are at [P, T, 3], in a z-up world with the floor at
    z = 0. People far apart are shown from as far as it takes to have both in the picture."""
    at_uniform, at_normal = jax.random.split(key)
    ranges = (config.distance, config.height, (0.0, 2 * np.pi), config.field, (0.0, len(_SIZES)))
    low, high = jnp.stack([jnp.stack([jnp.float32(end) for end in ends]) for ends in ranges]).T
    distance, height, azimuth, field, size = low + (high - low) * jax.random.uniform(at_uniform, (5,))
    wobble = jax.random.normal(at_normal, (4,))
    weight = (present / present.sum())[:, None, None]
    middle = jnp.median((weight * pelvis).sum(axis=0), axis=0) * jnp.array([1.0, 1.0, 0.0]) + jnp.array([0.0, 0.0, 0.9])
    forward = -jnp.stack([jnp.cos(azimuth), jnp.sin(azimuth)])
    apart = jnp.median(pelvis[1] - pelvis[0], axis=0)[:2] * present.prod()
    across = jnp.abs(apart[0] * forward[1] - apart[1] * forward[0]) + _MARGIN
    along = 0.5 * jnp.abs(jnp.sum(apart * forward))
    size = jnp.asarray(_SIZES)[size.astype(jnp.int32)]
    diagonal = safe.norm(size)
    distance = jnp.maximum(distance + along, across * config.focal[0] * diagonal / size[0])
    position = jnp.append(-distance * forward, height - middle[2]) + middle
    R = looking(position, middle + config.aim * wobble[:3])
    R = compose(axis_angle_to_matrix(jnp.array([0.0, 0.0, 1.0]) * config.roll * wobble[3]), R)
    focal = distance * jnp.minimum(size[1] / field, size[0] / jnp.maximum(config.width, across))
    focal = jnp.clip(focal, config.focal[0] * diagonal, config.focal[1] * diagonal)
    K = jnp.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 0]]) * focal
    K = K.at[:2, 2].set(size / 2).at[2, 2].set(1.0)
    n_frames = pelvis.shape[1]
    return Camera(
        K=K,
        R=jnp.broadcast_to(R, (n_frames, 3, 3)),
        t=jnp.broadcast_to(-rotate(R, position), (n_frames, 3)),
        image_size=size,
    )


def looking(position: Array, at: Array) -> jax.Array:
    """R_camera_world [3, 3] of a level camera that looks from one point at another."""
    forward = safe.normalise(at - position)
    right = safe.normalise(jnp.cross(forward, jnp.array([0.0, 0.0, 1.0])))
    return jnp.stack([right, jnp.cross(forward, right), forward])
