"""Changing the frames of a motion or an observation and leaving the rest alone."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.types import Array, Motion, Observation


def map_frames(motion: Motion, function: Callable[[Array], Array]) -> Motion:
    """The motion [..., P, T] with `function` applied to each array that has frames; betas stay."""
    return Motion(
        global_orient=function(motion.global_orient),
        body_pose=function(motion.body_pose),
        pelvis=function(motion.pelvis),
        betas=motion.betas,
    )


def map_observation(observation: Observation, function: Callable[[Array, int], Array]) -> Observation:
    """The observation with `function(values, axis of the frames)` applied to each array that has frames."""
    camera = observation.camera
    return dataclasses.replace(
        observation,
        keypoints=function(observation.keypoints, 1),
        keypoint_confidence=function(observation.keypoint_confidence, 1),
        visibility=function(observation.visibility, 1),
        frame_index=function(observation.frame_index, 0),
        frame_mask=function(observation.frame_mask, 0),
        motion=map_frames(observation.motion, lambda x: function(x, 1)),
        camera=dataclasses.replace(camera, R=function(camera.R, 0), t=function(camera.t, 0)),
    )


def slice_observation(observation: Observation, frames: slice | np.ndarray) -> Observation:
    """Some frames of an observation, as host arrays: a span, their numbers, or a mask [T] bool."""
    return map_observation(observation, lambda x, axis: np.asarray(x)[(slice(None),) * axis + (frames,)])


# Few lengths instead of many: sequences are padded so that they share compiled programs.


_LEAST = 64


def padded_length(count: int, least: int = _LEAST) -> int:
    """The package's one padding rule: the next power of two or three quarters of one, that is at most half as much
    again, and no less than `least`, a power of two. Of frames 64, 96, 128, 192, 256, 384, ...

    Whatever else is compiled by its length (windows of a clip) is counted by the same rule, from 1: 1, 2, 3, 4, 6, ...
    """
    power = max(least, 1 << (count - 1).bit_length())
    return 3 * power // 4 if power > least and count <= 3 * power // 4 else power


def pad(x: Array, axis: int, mode: str = "edge") -> Array:
    """An array whose frames stand on `axis`, padded to `padded_length`: "edge" repeats the last, "constant" adds 0."""
    widths = [(0, 0)] * x.ndim
    widths[axis] = (0, padded_length(x.shape[axis]) - x.shape[axis])
    return (np if isinstance(x, np.ndarray) else jnp).pad(x, widths, mode=mode)  # pyrefly: ignore[no-matching-overload]


def pad_motion(motion: Motion) -> Motion:
    """A motion [P, T] whose last frame is repeated up to `padded_length`."""
    return map_frames(motion, lambda x: pad(x, 1))


def cut_motion(motion: Motion, n_frames: int) -> Motion:
    """The first frames of a motion [P, T]."""
    return map_frames(motion, lambda x: x[:, :n_frames])


def pose_on_host(body: smpl.Body, motion: Motion) -> smpl.Posed:
    """`smpl.pose` of a whole motion [P, T], as host arrays, by one of few compiled programs."""
    n_frames = motion.pelvis.shape[1]
    posed = jax.device_get(smpl.pose(body, pad_motion(map_frames(motion, np.asarray))))
    cut = {name: getattr(posed, name)[:, :n_frames] for name in ("R_world_joint", "joints", "body_pose")}
    return dataclasses.replace(posed, **cut)


def map_on_host(function: Callable[[Array], Array], x: Array, axis: int) -> np.ndarray:
    """A function that keeps the leading axes, of an array whose frames stand on `axis`, as a host array, by one of few
    compiled programs."""
    x = np.asarray(x)
    return np.asarray(function(pad(x, axis)))[(slice(None),) * axis + (slice(x.shape[axis]),)]
