"""BVH motion files: hierarchy, channels and forward kinematics."""

import dataclasses
import pathlib
import re

import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bvh:
    """One BVH file. An end site is a joint named `<parent>_end` without channels.

    names: joints, parents before children.  parents: index of each joint's parent, -1 at the root.
    offsets: [N, 3] from the parent, in file units.  rotations: [T, N, 3, 3] parent from joint.
    root: [T, 3] position of the root in file units.  fps: what the header claims.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    rotations: np.ndarray
    root: np.ndarray
    fps: float


def read(path: pathlib.Path) -> Bvh:
    """Read a BVH file. Raises UserError when it is not one or is cut short."""
    head, separator, body = path.read_text(errors="replace").partition("MOTION")
    header = re.match(r"\s*Frames:\s*(\d+)\s*Frame Time:\s*([\d.eE+-]+)", body)
    if not separator or header is None:
        raise UserError(f"{path}: not a BVH file (no MOTION section with a frame count); give a BVH file")
    names, parents, offsets, channels = _hierarchy(head)
    n_frames, n_channels = int(header.group(1)), sum(map(len, channels))
    values = np.array(body[header.end() :].split(), dtype=np.float64)
    if values.size != n_frames * n_channels:
        raise UserError(
            f"{path}: {values.size} numbers where {n_frames} frames of {n_channels} channels are announced; "
            "the file is cut short or damaged, fetch it again"
        )
    rotations, root = _decode(values.reshape(n_frames, n_channels), channels, offsets)
    return Bvh(
        names=tuple(names),
        parents=tuple(parents),
        offsets=offsets,
        rotations=rotations,
        root=root,
        fps=1.0 / float(header.group(2)),
    )


def forward_kinematics(
    parents: tuple[int, ...], offsets: np.ndarray, rotations: np.ndarray, root: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Local rotations [T, N, 3, 3] and root positions [T, 3] -> positions [T, N, 3] and R_world_joint [T, N, 3, 3]."""
    positions, world = np.empty(rotations.shape[:-1]), np.empty(rotations.shape)
    for joint, parent in enumerate(parents):
        if parent < 0:
            positions[:, joint], world[:, joint] = root, rotations[:, joint]
        else:
            positions[:, joint] = positions[:, parent] + world[:, parent] @ offsets[joint]
            world[:, joint] = world[:, parent] @ rotations[:, joint]
    return positions, world


def _hierarchy(head: str) -> tuple[list[str], list[int], np.ndarray, list[list[str]]]:
    names, parents, offsets, channels, stack = [], [], [], [], []
    for words in filter(None, map(str.split, head.splitlines())):
        match words:
            case ["End", *_]:
                names.append(f"{names[stack[-1]]}_end")
                parents.append(stack[-1])
                channels.append([])
            case ["ROOT" | "JOINT", *name]:
                names.append(" ".join(name))
                parents.append(stack[-1] if stack else -1)
                channels.append([])
            case ["{"]:
                stack.append(len(names) - 1)
            case ["}"]:
                stack.pop()
            case ["OFFSET", x, y, z]:
                offsets.append([float(x), float(y), float(z)])
            case ["CHANNELS", _, *kinds]:
                channels[-1] = kinds
    return names, parents, np.array(offsets), channels


def _decode(values: np.ndarray, channels: list[list[str]], offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Channel values [T, C] -> local rotations [T, N, 3, 3] and root positions [T, 3]."""
    n_frames, column = len(values), 0
    rotations = np.tile(np.eye(3), (n_frames, len(channels), 1, 1))
    root = np.tile(offsets[0], (n_frames, 1))
    for joint, kinds in enumerate(channels):
        columns = values[:, column : column + len(kinds)]
        column += len(kinds)
        turns = [i for i, kind in enumerate(kinds) if kind.endswith("rotation")]
        moves = [i for i, kind in enumerate(kinds) if kind.endswith("position")]
        if moves and joint == 0:
            root[:, ["XYZ".index(kinds[i][0]) for i in moves]] = columns[:, moves]
        if turns:
            axes = "".join(kinds[i][0] for i in turns)
            rotations[:, joint] = Rotation.from_euler(axes, columns[:, turns], degrees=True).as_matrix()
    return rotations, root
