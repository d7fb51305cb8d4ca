"""Random static cameras that look at two people."""

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.geometry import safe
from sm_jax.geometry.rotations import axis_angle_to_matrix, compose, rotate
from sm_jax.types import Array, Camera

# Width and height in pixels; landscape and portrait.
_SIZES = np.array([[1920, 1080], [1280, 720], [640, 480], [1080, 1920], [720, 1280]], np.float32)
_DISTANCE, _HEIGHT = (2.5, 7.0), (0.8, 2.2)  # metres from the pair, and above the floor
_FIELD = (1.9, 4.0)  # metres of height that the picture shows at the pair
_PAIR_WIDTH = 1.6  # metres of width that it shows at least
_FOCAL = (0.5, 1.6)  # limits of the focal length, in diagonals of the picture
_AIM, _ROLL = 0.2, 0.03  # standard deviations: metres beside the pair's middle, radians


def random_camera(key: Array, pelvis: Array, present: Array) -> Camera:
    """A camera for the people present [P] in {0, 1}, whose pelvises are at [P, T, 3], in a z-up world with the floor at
    z = 0."""
    at_uniform, at_normal = jax.random.split(key)
    low, high = jnp.array((_DISTANCE, _HEIGHT, (0.0, 2 * np.pi), _FIELD, (0.0, len(_SIZES)))).T
    distance, height, azimuth, field, size = low + (high - low) * jax.random.uniform(at_uniform, (5,))
    wobble = jax.random.normal(at_normal, (4,))
    weight = (present / present.sum())[:, None, None]
    middle = jnp.median((weight * pelvis).sum(axis=0), axis=0) * jnp.array([1.0, 1.0, 0.0]) + jnp.array([0.0, 0.0, 0.9])
    position = jnp.stack([distance * jnp.cos(azimuth), distance * jnp.sin(azimuth), height - middle[2]]) + middle
    R = looking(position, middle + _AIM * wobble[:3])
    R = compose(axis_angle_to_matrix(jnp.array([0.0, 0.0, 1.0]) * _ROLL * wobble[3]), R)
    size = jnp.asarray(_SIZES)[size.astype(jnp.int32)]
    diagonal = safe.norm(size)
    focal = distance * jnp.minimum(size[1] / field, size[0] / _PAIR_WIDTH)
    focal = jnp.clip(focal, _FOCAL[0] * diagonal, _FOCAL[1] * diagonal)
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
