"""Agreement with the picture: projected keypoints against the detected ones."""

import chex
import jax
import jax.numpy as jnp

from sm_jax.energies.kernels import geman_mcclure, weighted_mean
from sm_jax.geometry import camera as cameras
from sm_jax.geometry import safe
from sm_jax.types import Array, Camera

WIDTH = 0.2  # in person sizes (about 10 cm for an upright adult): where the robust kernel bends
SMALLEST = 0.01  # of the picture's diagonal: a person of whom little was seen is taken to be no smaller than this


def reprojection(
    keypoints_world: Array, camera: Camera, pixels: Array, confidence: Array, frame_mask: Array, width: float = WIDTH
) -> jax.Array:
    """Robust, confidence-weighted distance in the picture, free of the resolution. In [0, 1); zero at the truth.

    keypoints_world: [P, T, K, 3].  pixels: [P, T, K, 2], ignored (even NaN) where confidence [P, T, K] is zero.
    frame_mask: [T]. The residual in pixels is divided by the person's size in pixels, but by no less than a hundredth
    of the picture's diagonal, so that a single keypoint still says where a person is. Kernel as in Bogo et al.,
    "Keep it SMPL", ECCV 2016.
    """
    cost, weight = _costs(keypoints_world, camera, pixels, confidence, frame_mask, width)
    return weighted_mean(cost, weight)


def reprojection_of_each(
    keypoints_world: Array, camera: Camera, pixels: Array, confidence: Array, frame_mask: Array, width: float = WIDTH
) -> jax.Array:
    """`reprojection` of each person alone: [P]."""
    cost, weight = _costs(keypoints_world, camera, pixels, confidence, frame_mask, width)
    return jnp.stack([weighted_mean(*of) for of in zip(cost, weight, strict=True)])


def _costs(
    keypoints_world: Array, camera: Camera, pixels: Array, confidence: Array, frame_mask: Array, width: float
) -> tuple[jax.Array, jax.Array]:
    """The robust residual of each keypoint [P, T, K] and its weight."""
    seen = keypoints_world.shape[:3]
    chex.assert_shape([keypoints_world, pixels], [(None, None, None, 3), (*seen, 2)])
    chex.assert_shape([confidence, frame_mask], [seen, seen[1:2]])
    weight = jnp.asarray(confidence * frame_mask[None, :, None])
    pixels = jnp.where(weight[..., None] > 0, pixels, 0)
    projected, _ = cameras.project_points(camera, keypoints_world)
    smallest = SMALLEST * safe.norm(camera.image_size)
    size = jnp.maximum(person_size(pixels, weight), smallest)[:, None, None, None]
    residual = safe.divide(projected - pixels, size)
    return geman_mcclure(jnp.sum(jnp.square(residual), axis=-1), width), weight


def person_size(pixels: Array, weight: Array) -> jax.Array:
    """Size [P] of each person in pixels: the spread of the seen keypoints [P, T, K, 2] about their frame's centre."""
    weight = weight[..., None]
    centre = safe.divide(jnp.sum(weight * pixels, axis=2, keepdims=True), jnp.sum(weight, axis=2, keepdims=True))
    spread = jnp.sum(weight * jnp.square(pixels - centre), axis=(1, 2, 3))
    return safe.sqrt(safe.divide(spread, jnp.sum(weight, axis=(1, 2, 3))))
