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
    moved: [T, N, 3] offsets frame by frame, where joints other than the root have position channels; else None.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    rotations: np.ndarray
    root: np.ndarray
    fps: float
    moved: np.ndarray | None = None


def read(path: pathlib.Path) -> Bvh:
    """Read a BVH file. Raises UserError when it is not one, is cut short or is damaged."""
    try:
        text = path.read_text(errors="replace")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); give an existing BVH file") from error
    head, *body = re.split(r"^\s*MOTION\s*$", text, maxsplit=1, flags=re.MULTILINE)
    header = re.match(r"\s*Frames:\s*(\d+)\s*Frame Time:\s*([\d.eE+-]+)", body[0]) if body else None
    if header is None:
        raise UserError(f"{path}: not a BVH file (no MOTION section with a frame count); give a BVH file")
    try:
        frame_time = float(header.group(2))
        names, parents, offsets, channels = _hierarchy(head)
        values = np.array(body[0][header.end() :].split(), dtype=np.float64)
    except (ValueError, IndexError) as error:
        raise UserError(f"{path}: a damaged BVH file ({error}); fetch it again") from error
    n_frames, n_channels = int(header.group(1)), sum(map(len, channels))
    if values.size != n_frames * n_channels or n_frames == 0:
        raise UserError(
            f"{path}: {values.size} numbers where {n_frames} frames of {n_channels} channels are announced; "
            "the file is cut short or damaged, fetch it again"
        )
    if not (np.isfinite(values).all() and np.isfinite(offsets).all() and 0 < frame_time < np.inf):
        raise UserError(f"{path}: numbers that are not finite, or no frame time; fetch the file again")
    rotations, moved = _decode(values.reshape(n_frames, n_channels), channels, offsets)
    still = not np.ptp(moved[:, 1:], axis=0).any()
    return Bvh(
        names=tuple(names),
        parents=tuple(parents),
        offsets=np.concatenate([offsets[:1], moved[0, 1:]]) if still else offsets,
        rotations=rotations,
        root=moved[:, 0],
        fps=1.0 / frame_time,
        moved=None if still else moved,
    )


def restore_wrists(file: Bvh) -> Bvh:
    """The file with the wrist bones that cgspeed's MotionBuilder conversion of CMU's motion drops.

    There `FingerBase` and thumb lie at the start of the ASF's wrist bone, `Hand`, at offset zero. That bone goes on
    where the forearm ends and is half as long. Other files are returned as they are.
    """
    moved = {}
    for joint, name in enumerate(file.names):
        hand = file.parents[joint]
        if name.endswith("FingerBase") and file.names[hand].endswith("Hand") and not file.offsets[joint].any():
            moved |= {child: 0.5 * file.offsets[hand] for child, parent in enumerate(file.parents)
                      if parent == hand and not file.offsets[child].any()}  # fmt: skip
    if not moved or file.moved is not None:
        return file
    offsets = file.offsets.copy()
    offsets[list(moved)] = list(moved.values())
    return dataclasses.replace(file, offsets=offsets)


def forward_kinematics(
    parents: tuple[int, ...], offsets: np.ndarray, rotations: np.ndarray, root: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Local rotations [T, N, 3, 3] and root positions [T, 3] -> positions [T, N, 3] and R_world_joint [T, N, 3, 3].

    offsets: [N, 3], or [T, N, 3] where they differ from frame to frame.
    """
    positions, world = np.empty(rotations.shape[:-1]), np.empty(rotations.shape)
    for joint, parent in enumerate(parents):
        if parent < 0:
            positions[:, joint], world[:, joint] = root, rotations[:, joint]
        else:
            offset = np.broadcast_to(offsets[..., joint, :], root.shape)
            positions[:, joint] = positions[:, parent] + np.einsum("tij,tj->ti", world[:, parent], offset)
            world[:, joint] = world[:, parent] @ rotations[:, joint]
    return positions, world


def _hierarchy(head: str) -> tuple[list[str], list[int], np.ndarray, list[list[str]]]:
    """Names, parents, offsets [N, 3] and channels. Raises ValueError or IndexError where the text is no hierarchy."""
    names, parents, offsets, channels, stack = [], [], [], [], []
    for words in filter(None, map(str.split, re.sub(r"([{}])", r"\n\1\n", head).splitlines())):
        match words:
            case ["End", *_]:
                names.append(f"{names[stack[-1]]}_end")
                parents.append(stack[-1])
                channels.append([])
            case ["ROOT" | "JOINT", *name]:
                if (words[0] == "JOINT" and not stack) or (words[0] == "ROOT" and names):
                    raise ValueError(f"{' '.join(words)} out of place")
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
                if any(not re.fullmatch("[xyz](rotation|position)", kind.lower()) for kind in kinds):
                    raise ValueError(f"channels {' '.join(kinds)}")
                channels[-1] = [kind.lower() for kind in kinds]
    if stack or not names or len(offsets) != len(names):
        raise ValueError("the hierarchy is not complete")
    return names, parents, np.array(offsets), channels


def _decode(values: np.ndarray, channels: list[list[str]], offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Channel values [T, C] -> local rotations [T, N, 3, 3] and offsets [T, N, 3], the root's being its position."""
    n_frames, column = len(values), 0
    rotations = np.tile(np.eye(3), (n_frames, len(channels), 1, 1))
    moved = np.tile(offsets, (n_frames, 1, 1))
    for joint, kinds in enumerate(channels):
        columns = values[:, column : column + len(kinds)]
        column += len(kinds)
        turns = [i for i, kind in enumerate(kinds) if kind.endswith("rotation")]
        moves = [i for i, kind in enumerate(kinds) if kind.endswith("position")]
        if moves:
            moved[:, joint, ["xyz".index(kinds[i][0]) for i in moves]] = columns[:, moves]
        if turns:
            axes = "".join(kinds[i][0] for i in turns).upper()
            rotations[:, joint] = Rotation.from_euler(axes, columns[:, turns], degrees=True).as_matrix()
    return rotations, moved
