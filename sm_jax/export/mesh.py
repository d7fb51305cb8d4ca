"""What pictures and scene files need of a body beyond its vertices: normals, colours, the strongest joints."""

from collections.abc import Iterator

import jax
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.sdf import pose_field, signed_distance
from sm_jax.export.npz import MotionFile
from sm_jax.motion.frames import map_frames, pad_motion
from sm_jax.types import Array, Motion

# Okabe & Ito's blue and vermilion: told apart by colour-blind eyes too.
COLOURS = np.array([[0.18, 0.50, 0.78], [0.90, 0.42, 0.17]])

TOUCH = 0.03  # metres between skins that touch: they are found to some millimetres, and so is where people stand
CHUNK = 64  # frames whose vertices are computed in one go, the fewest that motions are padded to


def rest_vertices(body: smpl.Body, betas: Array) -> np.ndarray:
    """Rest-pose vertices [..., V, 3] of shapes [..., N]."""
    return np.asarray(smpl.shaped(body.v_template, body.shapedirs, betas))


def posed_vertices(body: smpl.Body, content: MotionFile) -> np.ndarray:
    """World vertices [P, T, V, 3]."""
    return np.asarray(smpl.vertices(body, smpl.pose(body, content.motion)))


def posed_frames(body: smpl.Body, motion: Motion) -> Iterator[np.ndarray]:
    """World vertices [P, V, 3] of one frame after the other; no more than a few are held, however long the motion."""
    for part, frames in _chunks(motion):
        vertices = np.asarray(smpl.vertices(body, smpl.pose(body, part))).swapaxes(0, 1)
        yield from vertices[:frames]


def touching_vertices(body: smpl.Body, motion: Motion) -> Iterator[np.ndarray]:
    """Which vertices [P, V] bool lie within TOUCH of the other body's skin, or in it, one frame after the other."""
    for part, frames in _chunks(motion):
        distance = np.asarray(_distances(body, part)).swapaxes(0, 1)
        yield from distance[:frames] < TOUCH


@jax.jit
def _distances(body: smpl.Body, motion: Motion) -> Array:
    """Distance [2, T, V] in metres of each person's vertices to the other's skin, negative inside."""
    posed = smpl.pose(body, motion)
    others = jax.tree.map(lambda x: x[::-1], pose_field(body, posed))
    return jax.lax.map(lambda of: signed_distance(*of), (smpl.vertices(body, posed), others))


def _chunks(motion: Motion) -> Iterator[tuple[Motion, int]]:
    """A motion [P, T] in pieces of CHUNK frames, the last one padded to it, and how many frames of each count."""
    for start in range(0, motion.pelvis.shape[1], CHUNK):
        part = map_frames(motion, lambda x: np.asarray(x)[:, start : start + CHUNK])  # noqa: B023
        yield pad_motion(part), part.pelvis.shape[1]


def vertex_normals(vertices: Array, faces: Array) -> np.ndarray:
    """Unit normals [..., V, 3], area-weighted means of the faces around each vertex; a lone vertex gets +z."""
    corners = np.asarray(vertices)[..., faces, :]
    face = np.cross(corners[..., 1, :] - corners[..., 0, :], corners[..., 2, :] - corners[..., 0, :])
    normals = np.zeros_like(vertices)
    flat, source = normals.reshape(-1, *normals.shape[-2:]), face.reshape(-1, *face.shape[-2:])
    for n in range(len(flat)):
        for axis in range(3):  # bincount is many times faster than ufunc.at
            weights = np.repeat(source[n, :, axis], 3)
            flat[n, :, axis] = np.bincount(np.ravel(faces), weights, minlength=flat.shape[1])
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    up = np.array([0, 0, 1], normals.dtype)
    return np.where(length > 0, normals / np.where(length > 0, length, 1), up)


def strongest_joints(weights: Array, count: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """The `count` strongest joints of every vertex and their weights, renormalised: [V, count] int, [V, count].

    Joints of weight zero are numbered 0, as glTF demands.
    """
    weights = np.asarray(weights, np.float32)
    joints = np.argsort(-weights, axis=1, kind="stable")[:, :count]
    strength = np.take_along_axis(weights, joints, axis=1)
    strength = strength / strength.sum(1, keepdims=True)
    return np.where(strength > 0, joints, 0), strength


def joint_share(body: smpl.Body, marked: Array) -> np.ndarray:
    """How far each vertex rests on marked joints [..., J], such as infilled ones: [..., V] in [0, 1]."""
    return np.asarray(marked, np.float32) @ np.asarray(body.weights, np.float32).T
