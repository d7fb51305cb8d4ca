"""A motion at other moments in time."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.geometry.rotations import slerp
from sm_jax.motion.frames import cut_motion, pad, pad_motion
from sm_jax.types import Array, Motion


@jax.jit
def resample(motion: Motion, position: Array) -> Motion:
    """Motion [P, T] read at fractional frames `position` [N], clamped to its ends -> motion [P, N].

    Rotations turn along the shortest arc (slerp), the pelvis moves linearly.
    """
    last = motion.pelvis.shape[1] - 1
    position = jnp.clip(position, 0.0, float(last))
    before = jnp.minimum(jnp.floor(position).astype(jnp.int32), max(last - 1, 0))
    after = jnp.minimum(before + 1, last)
    u = jnp.broadcast_to((position - before.astype(jnp.float32))[None], (motion.pelvis.shape[0], len(position)))
    read = lambda values: (values[:, before], values[:, after])  # noqa: E731
    a, b = read(motion.pelvis)
    joint_u = jnp.broadcast_to(u[..., None], (*u.shape, motion.body_pose.shape[2]))
    return Motion(
        global_orient=slerp(*read(motion.global_orient), u),
        body_pose=slerp(*read(motion.body_pose), joint_u),
        pelvis=a + u[..., None] * (b - a),
        betas=motion.betas,
    )


def resample_on_host(motion: Motion, position: np.ndarray) -> Motion:
    """`resample` of a whole motion, as host arrays, by one of few compiled programs."""
    found = resample(pad_motion(jax.device_get(motion)), pad(np.asarray(position, np.float32), 0))
    return cut_motion(jax.device_get(found), len(position))


# Recordings at any frame rate, read at the package's 30 frames a second.


FPS = 30.0


def frame_positions(n_frames: int, fps: float) -> np.ndarray:
    """Fractional source frames [n] at which FPS reads a recording of `n_frames` at `fps`, from its first frame on."""
    if round(fps) and abs(fps - round(fps)) < 0.01:  # headers round the time of a frame: 0.0083333 s
        fps = round(fps)
    count = int(np.floor((n_frames - 1) * FPS / fps + 1e-6)) + 1
    return np.minimum(np.arange(count) * fps / FPS, n_frames - 1)


def read_points(points: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Points [T, ...] at fractional frames [n] -> [n, ...], linearly between two frames."""
    before, after, u = _between(len(points), position)
    u = u.reshape(-1, *(1,) * (points.ndim - 1))
    return points[before] + u * (points[after] - points[before])


def read_rotations(rotations: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Rotations [T, ..., 3, 3] at fractional frames [n] -> [n, ..., 3, 3], along the shortest arc."""
    before, after, u = _between(len(rotations), position)
    if not u.any():
        return rotations[before]
    shape = (len(position), *rotations.shape[1:])
    a, b = (Rotation.from_matrix(rotations[i].reshape(-1, 3, 3)) for i in (before, after))
    turn = (a.inv() * b).as_rotvec() * np.repeat(u, int(np.prod(shape[1:-2])))[:, None]
    return (a * Rotation.from_rotvec(turn)).as_matrix().reshape(shape)


def _between(n_frames: int, position: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The frames [n] around each position and how far [n] it lies between them, exactly zero on a frame."""
    before = np.floor(position + 1e-6).astype(int)
    u = position - before
    return before, np.minimum(before + 1, n_frames - 1), np.where(np.abs(u) < 1e-5, 0.0, u)
