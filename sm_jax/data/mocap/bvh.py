"""BVH motion files: hierarchy, channels and forward kinematics."""

import codecs
import dataclasses
import itertools
import pathlib
import re

import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.errors import UserError

_LARGEST = 1e9  # of any number, in degrees or file units: nothing that moves is so large or so far away


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bvh:
    """One BVH file. An end site is a joint named `<parent>_end` without channels.

    names: joints, parents before children.  parents: index of each joint's parent, -1 at the root.
    offsets: [N, 3] from the parent, in file units.  rotations: [T, N, 3, 3] parent from joint.
    root: [T, 3] position of the root in file units.  fps: what the header claims.
    moved: [T, N, 3] offsets frame by frame, where joints other than the root have position channels; else None.
    names may repeat.  notes: sentences for the user about what is odd in the file.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    rotations: np.ndarray
    root: np.ndarray
    fps: float
    moved: np.ndarray | None = None
    notes: tuple[str, ...] = ()


def read(path: pathlib.Path) -> Bvh:
    """Read a BVH file, in whatever encoding its names are. A wrong number of frames in the header is noted.

    Raises UserError when it is not one or is damaged.
    """
    text = _text(path)
    head, *body = re.split(r"^\s*MOTION\s*$", text, maxsplit=1, flags=re.MULTILINE)
    header = re.match(r"\s*Frames\s*:\s*(\S+)\s+Frame Time\s*:\s*([\d.eE+-]+)", body[0]) if body else None
    if header is None:
        raise UserError(f"{path}: not a BVH file (no MOTION section with a frame count); give a BVH file")
    try:
        frame_time = float(header.group(2))
        names, parents, offsets, channels = _hierarchy(head)
        values, notes = _rows(body[0][header.end() :], sum(map(len, channels)))
    except (ValueError, IndexError) as error:
        raise UserError(f"{path}: a damaged BVH file ({error}); fetch it again") from error
    if header.group(1) != str(len(values)):
        notes.append(f"{path}: {header.group(1)} frames are announced, {len(values)} are there: all of these are read.")
    if not (np.abs(values) < _LARGEST).all() or not (np.abs(offsets) < _LARGEST).all() or not 0 < frame_time < np.inf:
        raise UserError(f"{path}: numbers that are not finite or absurd, or no frame time; fetch the file again")
    rotations, moved = _decode(values, channels, offsets)
    still = not np.ptp(moved[:, 1:], axis=0).any()
    return Bvh(
        names=tuple(names),
        parents=tuple(parents),
        offsets=np.concatenate([offsets[:1], moved[0, 1:]]) if still else offsets,
        rotations=rotations,
        root=moved[:, 0],
        fps=1.0 / frame_time,
        moved=None if still else moved,
        notes=tuple(notes),
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


def _text(path: pathlib.Path) -> str:
    """A file's text. Only names can be in other letters than ASCII's: what does not decode becomes question marks."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); give an existing BVH file") from error
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:64]
    if wide and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = (codecs.BOM_UTF16_BE if data[0] == 0 else codecs.BOM_UTF16_LE) + data
    text = data.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    return re.sub(r"\r\n?", "\n", text).replace("\N{REPLACEMENT CHARACTER}", "?")


def _rows(text: str, n_channels: int) -> tuple[np.ndarray, list[str]]:
    """The motion's numbers [T, C], and what is to be said of them. Raises ValueError where they form no rows."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    notes = []
    if len(lines) > 1 and len(lines[-1]) < n_channels and all(len(line) == n_channels for line in lines[:-1]):
        notes.append(f"The last frame is cut short after {len(lines.pop())} of {n_channels} numbers: left out.")
    values = np.array([word for line in lines for word in line], dtype=np.float64)
    if n_channels == 0 or values.size == 0 or values.size % n_channels:
        raise ValueError(f"{values.size} numbers, which are no whole frames of {n_channels} channels")
    return values.reshape(-1, n_channels), notes


def _hierarchy(head: str) -> tuple[list[str], list[int], np.ndarray, list[list[str]]]:
    """Names, parents, offsets [N, 3] and channels. Raises ValueError or IndexError where the text is no hierarchy."""
    names, parents, offsets, channels, stack = [], [], [], [], []
    for words in filter(None, map(str.split, re.sub(r"([{}])", r"\n\1\n", head).splitlines())):
        match words:
            case ["End", *_] if stack:
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
                channels[-1] = [kind.lower() for kind in kinds]
                if not _are_channels(channels[-1]):
                    raise ValueError(f"channels {' '.join(kinds)}")
    if stack or not names or len(offsets) != len(names):
        raise ValueError("the hierarchy is not complete")
    return names, parents, np.array(offsets), channels


def _are_channels(kinds: list[str]) -> bool:
    """Whether a joint can have these: each position once, and at most three turns, no two about one axis in a row."""
    turns, moves = ([kind for kind in kinds if re.fullmatch(f"[xyz]{what}", kind)] for what in ("rotation", "position"))
    known = len(turns) + len(moves) == len(kinds) and len(moves) == len(set(moves))
    return known and len(turns) <= 3 and all(one != other for one, other in itertools.pairwise(turns))


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
