"""One BVH file per person: y up, centimetres, which is what animation programs expect of the format."""

import pathlib

import numpy as np

from sm_jax.assets.files import replacing
from sm_jax.body.skeleton import JOINTS, PARENTS
from sm_jax.export.npz import MotionFile, steady
from sm_jax.types import Array

R_BVH_WORLD = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])  # z up to y up
CENTIMETRES = 100


def save_bvh(folder: str | pathlib.Path, content: MotionFile) -> list[pathlib.Path]:
    """Write `person0.bvh` and `person1.bvh` into a folder; both stand in one world. Returns the paths.

    The rest pose is the body's T-pose; the root carries the pelvis' position. Frames that are unevenly spaced become a
    steady rate's. Raises UserError if a file cannot be written.
    """
    (motion, fps), paths = steady(content), []
    for person, rest in enumerate(np.asarray(content.rest_joints, np.float64)):
        root = R_BVH_WORLD @ np.asarray(motion.global_orient[person], np.float64)
        local = np.concatenate([root[:, None], np.asarray(motion.body_pose[person], np.float64)], axis=1)
        hierarchy, order = _hierarchy(rest * CENTIMETRES)
        angles = np.rad2deg(euler_zyx(local[:, order])).reshape(len(local), -1)
        pelvis = np.asarray(motion.pelvis[person], np.float64) @ R_BVH_WORLD.T * CENTIMETRES
        rows = [" ".join(f"{value:.5f}" for value in row) for row in np.concatenate([pelvis, angles], axis=1)]
        head = ["MOTION", f"Frames: {len(rows)}", f"Frame Time: {1 / fps:.8f}"]
        path = pathlib.Path(folder) / f"person{person}.bvh"
        with replacing(path) as temporary:
            temporary.write_text("\n".join([*hierarchy, *head, *rows]) + "\n", encoding="ascii")
        paths.append(path)
    return paths


def euler_zyx(R: Array) -> np.ndarray:
    """Angles [T, ..., 3] in radians about z, y, x with R = Rz Ry Rx, without jumps of a full turn along T.

    Where y is a right angle only the difference of the other two is defined, and x is set to zero.
    """
    R = np.asarray(R, np.float64)
    locked = np.abs(R[..., 2, 0]) > 1 - 1e-9
    z = np.where(locked, np.arctan2(-R[..., 0, 1], R[..., 1, 1]), np.arctan2(R[..., 1, 0], R[..., 0, 0]))
    y = np.arcsin(np.clip(-R[..., 2, 0], -1, 1))
    x = np.where(locked, 0, np.arctan2(R[..., 2, 1], R[..., 2, 2]))
    return np.unwrap(np.stack([z, y, x], axis=-1), axis=0)


def _hierarchy(rest: np.ndarray) -> tuple[list[str], list[int]]:
    """Lines of the skeleton for rest joints [24, 3], and the order in which it names the joints: depth first."""
    lines, order = ["HIERARCHY"], []

    def visit(joint: int, depth: int) -> None:
        order.append(joint)
        pad, root = "  " * depth, PARENTS[joint] < 0
        offset = np.zeros(3) if root else rest[joint] - rest[PARENTS[joint]]
        position = "6 Xposition Yposition Zposition" if root else "3"
        lines.extend([
            f"{pad}{'ROOT' if root else 'JOINT'} {JOINTS[joint]}",
            f"{pad}{{",
            f"{pad}  OFFSET {_numbers(offset)}",
            f"{pad}  CHANNELS {position} Zrotation Yrotation Xrotation",
        ])  # fmt: skip
        children = [child for child, parent in enumerate(PARENTS) if parent == joint]
        for child in children:
            visit(child, depth + 1)
        if not children:  # the format wants an end; half the last bone again
            lines.extend([f"{pad}  End Site", f"{pad}  {{", f"{pad}    OFFSET {_numbers(offset / 2)}", f"{pad}  }}"])
        lines.append(f"{pad}}}")

    visit(0, 0)
    return lines, order


def _numbers(vector: np.ndarray) -> str:
    return " ".join(f"{value:.6f}" for value in vector)
