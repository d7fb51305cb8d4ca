"""The pair frame: the common view in which the networks see two people, one per window.

z is up; the origin lies on the ground under the median midpoint of the two pelvises; x runs along the median
horizontal direction from person 0 to person 1. Medians, because the placement of a single frame errs by decimetres.

Each person's entries are expressed in that person's *own* view: person 1 sees the frame turned by half a turn about z,
so that x always points from oneself to the partner. Swapping the two people then swaps the networks' inputs exactly.
"""

import dataclasses

import chex
import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.geometry.median import weighted_median
from sm_jax.geometry.safe import normalise
from sm_jax.types import Array, Camera, Motion

# Person 1's view of the frame: half a turn about z.
HALF_TURN = np.array([[1.0, 1.0, 1.0], [-1.0, -1.0, 1.0]], np.float32)


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class PairFrame:
    """R_pair_world: [..., 3, 3].  origin: [..., 3] in the world."""

    R_pair_world: Array
    origin: Array


@jax.jit
def from_pelvises(pelvis: Array, ground: Array, weight: Array, fallback: Array) -> PairFrame:
    """The pair frame of a window.

    pelvis: [P, T, 3] in the z-up world.  ground: [] height of the floor.  weight: [T] > 0 where both people are seen
    (padding and one-sided frames zero; if all are zero every frame counts).  fallback: [3] direction of x when the
    median pelvises coincide horizontally (the camera's right).
    """
    chex.assert_shape([pelvis, weight, fallback], [(2, None, 3), (pelvis.shape[1],), (3,)])
    middle = weighted_median(0.5 * (pelvis[0] + pelvis[1]), weight[:, None])
    across = weighted_median(pelvis[1] - pelvis[0], weight[:, None])
    flat = jnp.array([1.0, 1.0, 0.0])
    across, fallback = across * flat, fallback * flat
    x = normalise(jnp.where(jnp.sum(across * across) > 1e-4, across, fallback))
    y = jnp.stack([-x[1], x[0], jnp.zeros_like(x[0])])
    R = jnp.stack([x, y, jnp.array([0.0, 0.0, 1.0])])
    return PairFrame(R_pair_world=R, origin=jnp.stack([middle[0], middle[1], ground]))


def own_view(frame: PairFrame) -> jax.Array:
    """Rotations [P, 3, 3] that take world vectors into each person's own view of the frame."""
    return jnp.asarray(HALF_TURN)[:, :, None] * frame.R_pair_world[None]


@jax.jit
def to_pair(motion: Motion, frame: PairFrame) -> Motion:
    """Motion [P, T] in the world -> the same motion, each person in the own view of the pair frame."""
    chex.assert_shape([motion.global_orient, motion.pelvis], [(2, None, 3, 3), (2, None, 3)])
    R = own_view(frame)
    return Motion(
        global_orient=jnp.einsum("pij,ptjk->ptik", R, motion.global_orient, precision="highest"),
        body_pose=motion.body_pose,
        pelvis=points_to_pair(motion.pelvis[..., None, :], frame)[..., 0, :],
        betas=motion.betas,
    )


@jax.jit
def to_world(motion: Motion, frame: PairFrame) -> Motion:
    """The inverse of `to_pair`."""
    chex.assert_shape([motion.global_orient, motion.pelvis], [(2, None, 3, 3), (2, None, 3)])
    R = own_view(frame)
    return Motion(
        global_orient=jnp.einsum("pji,ptjk->ptik", R, motion.global_orient, precision="highest"),
        body_pose=motion.body_pose,
        pelvis=jnp.einsum("pji,ptj->pti", R, motion.pelvis, precision="highest") + frame.origin[None, None],
        betas=motion.betas,
    )


def points_to_pair(points: Array, frame: PairFrame) -> jax.Array:
    """Points [P, T, N, 3] in the world -> each person's points in the own view."""
    chex.assert_shape(points, (2, None, None, 3))
    shifted = points - frame.origin[None, None, None]
    return jnp.einsum("pij,ptnj->ptni", own_view(frame), shifted, precision="highest")


def camera_to_pair(camera: Camera, frame: PairFrame) -> tuple[jax.Array, jax.Array]:
    """Camera with R [T, 3, 3], t [T, 3] -> R_camera_pair [P, T, 3, 3] and camera positions [P, T, 3], per own view."""
    view = own_view(frame)
    R = jnp.einsum("tij,pkj->ptik", camera.R, view, precision="highest")
    position = -jnp.einsum("tji,tj->ti", camera.R, camera.t, precision="highest")
    return R, jnp.einsum("pij,tj->pti", view, position - frame.origin[None], precision="highest")
