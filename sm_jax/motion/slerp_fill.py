"""Filling the gaps of an initial estimate: what was not seen is interpolated between what was."""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body.skeleton import JOINTS, NEXT_JOINT
from sm_jax.geometry.rotations import slerp
from sm_jax.types import Array, Motion

SEEN = 0.3  # a joint counts as seen from this visibility on

_NEXT = np.array(NEXT_JOINT)  # its position shows a joint's rotation


@jax.jit
def fill_hidden(motion: Motion, visibility: Array, frame_mask: Array) -> Motion:
    """Replace each span of a joint that is hidden between two seen frames by slerp between them.

    motion: [P, T].  visibility: [P, T, J] of joint positions.  frame_mask: [T].  A rotation counts as seen where its
    joint and the limb's next joint are. What is hidden from or up to a clip's end, or never seen, keeps its raw values:
    what an estimator guesses errs less than what was seen seconds ago. The pelvis path is interpolated linearly where
    the pelvis is hidden.
    """
    people, frames = visibility.shape[:2]
    chex.assert_shape([visibility, frame_mask], [(people, frames, len(JOINTS)), (frames,)])
    chex.assert_equal_shape_prefix([motion.global_orient, motion.body_pose, motion.pelvis, visibility], 2)
    rests_on = jnp.minimum(visibility, visibility[:, :, _NEXT])
    seen = (rests_on >= SEEN) & (frame_mask[None, :, None] > 0.0)
    rotations = motion.rotations
    before, after, u, between = neighbours(seen)
    take = lambda values, index: jnp.take_along_axis(values, index[..., None, None], axis=1)  # noqa: E731
    filled = slerp(take(rotations, before), take(rotations, after), u)
    keep = (seen | ~between)[..., None, None]
    filled = jnp.where(keep, rotations, filled)

    index, pelvis_u = (before[..., 0], after[..., 0]), u[..., 0][..., None]
    a, b = (jnp.take_along_axis(motion.pelvis, i[..., None], axis=1) for i in index)
    pelvis = jnp.where(keep[:, :, 0, 0, :], motion.pelvis, a + pelvis_u * (b - a))
    return Motion(global_orient=filled[:, :, 0], body_pose=filled[:, :, 1:], pelvis=pelvis, betas=motion.betas)


def neighbours(seen: Array) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """seen [P, T, J] -> indices of the last and the next seen frame, the fraction between them, and whether there are
    both, each [P, T, J]. Where there is one, it stands for the other."""
    n = seen.shape[1]
    frame = jnp.arange(n, dtype=jnp.int32)[None, :, None]
    before = jax.lax.cummax(jnp.where(seen, frame, jnp.full_like(frame, -1)), axis=1)
    after = jax.lax.cummin(jnp.where(seen, frame, jnp.full_like(frame, n)), axis=1, reverse=True)
    between = (before >= 0) & (after < n)
    before, after = jnp.where(before < 0, after, before), jnp.where(after >= n, before, after)
    before, after = jnp.clip(before, 0, n - 1), jnp.clip(after, 0, n - 1)
    span = jnp.maximum(after - before, 1).astype(jnp.float32)
    return before, after, (frame - before).astype(jnp.float32) / span, between
