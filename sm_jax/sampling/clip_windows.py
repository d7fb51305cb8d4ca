"""A task as the networks see it: the windows of its clip, their conditions, and how they are one clip again."""

import dataclasses

import chex
import jax
import jax.numpy as jnp
from jax.tree_util import register_dataclass

from sm_jax.body import smpl
from sm_jax.motion import pair_frame, state, windows
from sm_jax.motion.frames import map_observation
from sm_jax.motion.normalise import Statistics, denormalise, normalise
from sm_jax.motion.pair_frame import PairFrame
from sm_jax.motion.placement import follow_estimate
from sm_jax.motion.slerp_fill import fill_hidden
from sm_jax.sampling.conditions import make_conditions
from sm_jax.sampling.inputs import SamplingInputs
from sm_jax.types import Array, Conditions, Motion


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class ClipWindows:
    """estimate: [P, T] in the world, gaps filled.  pelvis_visibility: [P, T] of the pelvises.  conditions, frames: of
    the windows, each with a leading W.  statistics: of the normalised windows.  overlap_weight: [OVERLAP] as in
    `SamplingInputs`."""

    estimate: Motion
    pelvis_visibility: Array
    conditions: Conditions
    frames: PairFrame
    statistics: Statistics
    overlap_weight: Array

    def to_clip(self, x: Array, overlap_state: Array) -> jax.Array:
        """Normalised windows [W, P, LENGTH, D] blended into a clip state [P, T, D], whose first frames are held to
        `overlap_state` [P, OVERLAP, D]."""
        return self.with_overlap(from_windows(x, self.frames, self.statistics), overlap_state)

    def synchronise(self, x: Array, overlap_state: Array) -> jax.Array:
        """Normalised windows that are pieces of one clip, the given ones blended, in which who is seen stands where the
        estimate says (`motion.placement`)."""
        blended = from_windows(x, self.frames, self.statistics)
        pelvis = follow_estimate(blended[..., state.PELVIS], self.estimate.pelvis, self.pelvis_visibility)
        placed = self.with_overlap(blended.at[..., state.PELVIS].set(pelvis), overlap_state)
        return to_windows(placed, self.frames, self.statistics)

    def with_overlap(self, clip_state: Array, overlap_state: Array) -> jax.Array:
        """A clip state [P, T, D] whose first frames are held to `overlap_state` [P, OVERLAP, D]."""
        begin = clip_state[:, : windows.OVERLAP]
        weight = jnp.asarray(self.overlap_weight)[None, :, None]
        return jnp.asarray(clip_state).at[:, : windows.OVERLAP].set(begin + weight * (overlap_state - begin))


def make_clip_windows(task: SamplingInputs, body: smpl.Body, statistics: Statistics) -> ClipWindows:
    """Cut a task into its windows, of which the networks see every frame."""
    observation, n_windows = task.observation, task.noise.shape[1]
    split = map_observation(observation, lambda values, axis: windows.split(values, n_windows, axis))

    def repeat(value: Array) -> jax.Array:
        return jnp.broadcast_to(value, (n_windows, *jnp.shape(value)))

    shared = dataclasses.replace(
        split,
        frame_mask=jnp.ones((n_windows, windows.LENGTH)),
        fps=repeat(observation.fps),
        motion=dataclasses.replace(split.motion, betas=repeat(observation.motion.betas)),
        camera=dataclasses.replace(
            split.camera, K=repeat(observation.camera.K), image_size=repeat(observation.camera.image_size)
        ),
    )
    make = jax.vmap(make_conditions, in_axes=(0, None, None, None))
    conditions, frames, _ = make(shared, body, statistics, task.text)
    return ClipWindows(
        estimate=fill_hidden(observation.motion, observation.visibility, jnp.ones(observation.visibility.shape[1])),
        pelvis_visibility=observation.visibility[:, :, 0],
        conditions=conditions,
        frames=frames,
        statistics=statistics,
        overlap_weight=task.overlap_weight,
    )


# One clip's state in the world, and the same clip as the networks see it: normalised windows, each in its pair frame.
# The clip state [P, T, D] has the layout of `motion.state`, in the world. Windows are blended here, in the metric
# world, never in their pair frames, whose origins differ.


def from_windows(x: Array, frames: PairFrame, statistics: Statistics) -> jax.Array:
    """Normalised window states [W, P, LENGTH, D] with pair frames [W] -> clip state [P, T, D]."""
    chex.assert_shape(x, (len(frames.origin), 2, windows.LENGTH, state.D))

    def in_world(window: Array, frame: PairFrame) -> jax.Array:
        motion, contact = state.unpack(denormalise(window, statistics))
        return state.pack(pair_frame.to_world(motion, frame), contact)

    return windows.blend(jax.vmap(in_world)(x, frames))


def to_windows(clip: Array, frames: PairFrame, statistics: Statistics) -> jax.Array:
    """Clip state [P, T, D] -> normalised window states [W, P, LENGTH, D]; rotations are made orthonormal."""
    chex.assert_shape(clip, (2, windows.padded_frames(len(frames.origin)), state.D))

    def in_pair(window: Array, frame: PairFrame) -> jax.Array:
        motion, contact = state.unpack(window)
        return normalise(state.pack(pair_frame.to_pair(motion, frame), contact), statistics)

    return jax.vmap(in_pair)(windows.split(clip, frames.origin.shape[0], axis=1), frames)
