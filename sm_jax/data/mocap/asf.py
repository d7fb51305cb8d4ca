"""Acclaim skeletons (ASF) and their motion (AMC), as Vicon wrote them and CMU's motion capture database publishes them.

A bone starts where its parent ends. Its axes stand at angles `axis` in the rest pose; a frame turns it about those
axes, so its rotation relative to its parent is C M C^-1 with C from `axis` and M from the frame. At rest all rotations
are the identity and bones point along `direction`.
"""

import dataclasses
import pathlib
from collections.abc import Iterator

import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.errors import UserError

INCH = 0.0254
_LARGEST = 1e9  # of any number, in degrees or file units
_ROOT_ORDER = ("tx", "ty", "tz", "rx", "ry", "rz")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Skeleton:
    """Bones, parents before children; the first is the root, which has no length.

    names, parents: of the N bones, -1 for the root's parent.  offsets: [N, 3] metres, from a bone's start to its end.
    axes: [N, 3, 3] world from the bone's axes at rest.  channels: per bone, what a frame gives of it, in its order.
    metre: metres a file unit.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: np.ndarray
    axes: np.ndarray
    channels: tuple[tuple[str, ...], ...]
    metre: float


def read_skeleton(path: pathlib.Path) -> Skeleton:
    """Read an ASF file. Raises UserError when it is none, or is damaged."""
    sections = _sections(path)
    missing = [name for name in ("units", "root", "bonedata", "hierarchy") if name not in sections]
    if missing:
        raise UserError(f"{path}: not an ASF file (no :{', :'.join(missing)}); give an Acclaim skeleton")
    units = {words[0]: words[1] for words in sections["units"] if len(words) > 1}
    degrees = not units.get("angle", "deg").lower().startswith("rad")
    # Vicon's convention: a file's lengths divided by the number given here are inches.
    if (length := _numbers([units.get("length", "1")], path)[0]) <= 0:
        raise UserError(f"{path}: a unit of length {length:g}; fetch the file again")
    metre = INCH / length
    bones = {"root": _root(sections["root"], degrees, path)}
    for block in _blocks(sections["bonedata"]):
        bone = {words[0].lower(): words[1:] for words in block}
        if "name" not in bone or not bone["name"]:
            raise UserError(f"{path}: a bone without a name; the file is damaged, fetch it again")
        bones[bone["name"][0]] = _bone(bone, degrees, path)
    names, parents = _tree(sections["hierarchy"], set(bones), path)
    return Skeleton(
        names=names,
        parents=parents,
        offsets=np.array([bones[name][0] for name in names]) * metre,
        axes=np.array([bones[name][1] for name in names]),
        channels=tuple(bones[name][2] for name in names),
        metre=metre,
    )


def read_motion(path: pathlib.Path, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """Read an AMC file: rotations [T, N, 3, 3] parent from bone (the root's: world) and root [T, 3] in metres.

    Raises UserError when the file is damaged or belongs to another skeleton.
    """
    lines = list(_lines(path))
    degrees = not any(words[0].lower() == ":radians" for words in lines)
    frames = list(_frames(lines, path))
    if not frames:
        raise UserError(f"{path}: not an AMC file (no frames); give the motion of the skeleton")
    rotations = np.tile(np.eye(3), (len(frames), len(skeleton.names), 1, 1))
    root = np.zeros((len(frames), 3))
    for i, (name, channels) in enumerate(zip(skeleton.names, skeleton.channels, strict=True)):
        if not channels:
            continue
        values = _column(frames, name, len(channels), path)
        turns = [k for k, channel in enumerate(channels) if channel[0] == "r"]
        if turns:
            order = "".join(channels[k][1] for k in turns)
            turned = Rotation.from_euler(order, values[:, turns], degrees=degrees).as_matrix()
            rotations[:, i] = skeleton.axes[i] @ turned @ skeleton.axes[i].T
        if i == 0:
            moves = [k for k, channel in enumerate(channels) if channel[0] == "t"]
            root[:, ["xyz".index(channels[k][1]) for k in moves]] = values[:, moves] * skeleton.metre
    return rotations, root + skeleton.offsets[0]


def forward_kinematics(skeleton: Skeleton, rotations: np.ndarray, root: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions [T, N, 3] of every bone's end, in metres, and R_world_bone [T, N, 3, 3]; the root's end is the root."""
    positions, world = np.empty(rotations.shape[:-1]), np.empty(rotations.shape)
    positions[:, 0], world[:, 0] = root, rotations[:, 0]
    for bone, parent in list(enumerate(skeleton.parents))[1:]:
        world[:, bone] = world[:, parent] @ rotations[:, bone]
        positions[:, bone] = positions[:, parent] + world[:, bone] @ skeleton.offsets[bone]
    return positions, world


def _lines(path: pathlib.Path) -> Iterator[list[str]]:
    """Words of each line that says something."""
    try:
        text = path.read_text(errors="replace")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); give an existing file") from error
    for line in text.splitlines():
        if words := line.split("#")[0].split():
            yield words


def _sections(path: pathlib.Path) -> dict[str, list[list[str]]]:
    sections: dict[str, list[list[str]]] = {}
    current: list[list[str]] = []
    for words in _lines(path):
        if words[0].startswith(":"):
            current = sections.setdefault(words[0][1:].lower(), [])
        else:
            current.append(words)
    return sections


def _blocks(lines: list[list[str]]) -> Iterator[list[list[str]]]:
    """What stands between `begin` and `end`."""
    block: list[list[str]] | None = None
    for words in lines:
        if words[0].lower() == "begin":
            block = []
        elif words[0].lower() == "end" and block is not None:
            yield block
            block = None
        elif block is not None:
            block.append(words)


def _root(lines: list[list[str]], degrees: bool, path: pathlib.Path) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    root = {words[0].lower(): words[1:] for words in lines}
    channels = tuple(word.lower() for word in root.get("order", _ROOT_ORDER))
    if sorted(channels) != sorted(_ROOT_ORDER):
        raise UserError(f"{path}: root order {' '.join(channels)}; only TX TY TZ RX RY RZ in any order can be read")
    position = _numbers(root.get("position", ["0", "0", "0"]), path, 3)
    orientation = _numbers(root.get("orientation", ["0", "0", "0"]), path, 3)
    axis = (root.get("axis") or ["XYZ"])[-1]
    return position, _axes(orientation, axis, degrees, path), channels


def _bone(
    bone: dict[str, list[str]], degrees: bool, path: pathlib.Path
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Offset [3] in file units, axes [3, 3] and channels."""
    where = f"bone {bone['name'][0]}"
    direction = _numbers(bone.get("direction", []), path, 3, where)
    length = _numbers(bone.get("length", []), path, 1, where)[0]
    *angles, order = bone.get("axis") or ["0", "0", "0", "XYZ"]
    channels = tuple(word.lower() for word in bone.get("dof", []))
    if not set(channels) <= {"rx", "ry", "rz"} or len(channels) > len(set(channels)):
        raise UserError(f"{path}: {where} has degrees of freedom {' '.join(channels)}; only rx ry rz can be read")
    norm = np.linalg.norm(direction)
    return direction / (norm or 1.0) * length, _axes(_numbers(angles, path, 3, where), order, degrees, path), channels


def _axes(angles: np.ndarray, order: str, degrees: bool, path: pathlib.Path) -> np.ndarray:
    if sorted(order.lower()) != ["x", "y", "z"]:
        raise UserError(f"{path}: axis order {order}; it must name X, Y and Z once each, the file is damaged")
    return Rotation.from_euler(order.lower(), angles, degrees=degrees).as_matrix()


def _tree(lines: list[list[str]], bones: set[str], path: pathlib.Path) -> tuple[tuple[str, ...], tuple[int, ...]]:
    names, parents = ["root"], [-1]
    for words in (words for block in _blocks(lines) for words in block):
        for child in words[1:]:
            if child not in bones or words[0] not in names or child in names:
                raise UserError(
                    f"{path}: the hierarchy's bone {child} of {words[0]} has no place; fetch the file again"
                )
            names.append(child)
            parents.append(names.index(words[0]))
    if loose := bones - set(names):
        raise UserError(f"{path}: the hierarchy leaves out {', '.join(sorted(loose))}; the file is cut short")
    return tuple(names), tuple(parents)


def _frames(lines: list[list[str]], path: pathlib.Path) -> Iterator[dict[str, list[str]]]:
    """Frame by frame, the words that stand after each bone's name."""
    frame: dict[str, list[str]] | None = None
    for words in lines:
        if words[0].startswith(":"):
            continue
        if len(words) == 1 and words[0].isdigit():
            if frame is not None:
                yield frame
            frame = {}
        elif frame is None:
            raise UserError(f"{path}: not an AMC file ({words[0]} before the first frame number)")
        else:
            frame[words[0]] = words[1:]
    if frame is not None:
        yield frame


def _column(frames: list[dict[str, list[str]]], name: str, count: int, path: pathlib.Path) -> np.ndarray:
    """The numbers [T, count] that every frame gives for a bone."""
    for number, frame in enumerate(frames, 1):
        if len(frame.get(name, ())) != count:
            found = len(frame[name]) if name in frame else "no"
            raise UserError(
                f"{path}: frame {number} has {found} numbers for bone {name}, the skeleton wants {count}; "
                "the file is damaged or belongs to another skeleton"
            )
    return _numbers([word for frame in frames for word in frame[name]], path, where=f"bone {name}").reshape(-1, count)


def _numbers(words: list[str], path: pathlib.Path, count: int | None = None, where: str = "") -> np.ndarray:
    try:
        values = np.array(words, dtype=np.float64)
    except ValueError:
        values = np.full(1, np.nan)
    if not (np.abs(values) < _LARGEST).all() or (count is not None and values.size != count):
        raise UserError(f"{path}: {where or 'header'}: {' '.join(words[:6])!r} are no numbers; fetch the file again")
    return values
