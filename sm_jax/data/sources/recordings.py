"""What the readers of the field's two-person data sets share: entries of files, kinematics, cameras, and body files.

Every reader has `find(root, bodies)`, which lists a data set's recordings without reading them. A file that is not laid
out as its docstring says is refused with its path, the entry, what was expected and what was found.
"""

import json
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.assets.arrays import Unreadable
from sm_jax.assets.pickles import read_pickled
from sm_jax.body.io import read_body
from sm_jax.body.skeleton import JOINTS, PARENTS
from sm_jax.data.schema import LandmarkMotion, PairRecording, Split
from sm_jax.errors import UserError
from sm_jax.types import Camera

Family = Literal["smpl", "smplx"]
Z_UP = {
    "z": np.eye(3),
    "y": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]),
    "-y": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
}  # axis that points up in a file -> [3, 3] z-up world from the file's
BODY_JOINTS = 22  # SMPL-H and SMPL-X share SMPL's joints up to the wrists
_MARGIN = 0.1  # of a box, on each side: joints lie inside the body
_SKEWED = 0.02  # how far a matrix may be from a rotation


class FoundRecording(NamedTuple):
    """A recording that is on disk. read: raises UserError for files that are damaged or laid out otherwise."""

    name: str
    split: Split
    read: Callable[[], PairRecording]


def content_of(path: pathlib.Path) -> Any:
    """What an .npz, .npy, pickle or JSON file holds: numbers, texts and containers. Raises UserError for others."""
    try:
        if path.suffix == ".json":
            return json.loads(path.read_text(encoding="utf-8"))
        return read_pickled(path)
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; unpack the whole data set") from error
    except (Unreadable, OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:100]
        raise UserError(f"{path}: damaged or not the data set's file ({reason}); fetch it again") from error


def numbers(path: pathlib.Path, content: Any, key: Any, *shape: int | None) -> np.ndarray:
    """An entry of a file as finite float64 numbers of a shape, in which None stands for any size.

    Raises UserError, naming the entry, what was expected and what was found.
    """
    if not isinstance(content, Mapping) or key not in content:
        there = ", ".join(map(str, list(content)[:8])) if isinstance(content, Mapping) else type(content).__name__
        raise UserError(f"{path}: `{key}` is missing (there are {there})")
    return array_of(path, f"`{key}`", content[key], *shape)


def array_of(path: pathlib.Path, label: str, value: Any, *shape: int | None) -> np.ndarray:
    """A value of a file as finite float64 numbers of a shape, like `numbers`."""
    try:
        array = np.array(value, np.float64)  # a copy: the bytes of a file are read-only
    except (TypeError, ValueError) as error:
        raise UserError(f"{path}: {label} holds no numbers, or rows of different lengths") from error
    if len(array.shape) != len(shape) or any(
        want not in (None, size) for want, size in zip(shape, array.shape, strict=True)
    ):
        expected = ", ".join("any" if size is None else str(size) for size in shape)
        raise UserError(f"{path}: {label} has shape {array.shape}, expected ({expected})")
    if not np.isfinite(array).all():
        raise UserError(f"{path}: {label} holds numbers that are not finite")
    return array


def lines_of(path: pathlib.Path) -> tuple[str, ...]:
    """The lines of a text that say something; none where there is no file."""
    if not path.is_file():
        return ()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return tuple(text for line in lines if (text := " ".join(line.split())))


def local_rotations(vectors: np.ndarray) -> np.ndarray:
    """Parent-relative rotations [..., 24, 3, 3] of axis-angle vectors [..., n, 3] of the first n joints; others
    rest."""
    return padded_rotations(Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(*vectors.shape, 3))


def padded_rotations(R: np.ndarray) -> np.ndarray:
    """Rotations [..., n, 3, 3] of the first n joints, as of all 24: hands that are not there rest."""
    full = np.tile(np.eye(3), (*R.shape[:-3], len(JOINTS), 1, 1))
    full[..., : R.shape[-3], :, :] = R
    return full


def checked_rotations(path: pathlib.Path, label: str, R: np.ndarray) -> np.ndarray:
    """The same matrices [..., 3, 3]. Raises UserError unless they are rotations."""
    if np.abs(R @ R.swapaxes(-1, -2) - np.eye(3)).max(initial=0) > _SKEWED or (np.linalg.det(R) < 0).any():
        raise UserError(f"{path}: {label} holds matrices that are no rotations")
    return R


def in_world(local: np.ndarray) -> np.ndarray:
    """Rotations [..., 24, 3, 3] of all joints in the world, of which `local` gives the first one, and the others
    relative to their parents."""
    R = local.copy()
    for joint, parent in list(enumerate(PARENTS))[1:]:
        R[..., joint, :, :] = R[..., parent, :, :] @ local[..., joint, :, :]
    return R


class RestJoints(NamedTuple):
    """Joints of a body model at rest, linear in betas. template: [24, 3].  shapedirs: [24, 3, N]."""

    template: np.ndarray
    shapedirs: np.ndarray


def rest_joints_of(path: pathlib.Path) -> RestJoints:
    """Those of a body file; nothing else of it is made, which takes longer."""
    arrays = {key: array.astype(np.float64) for key, array in read_body(path).items()}
    J = arrays["J_regressor"]
    return RestJoints(J @ arrays["v_template"], np.einsum("jv,vcn->jcn", J, arrays["shapedirs"]))


def joints_of(body: RestJoints, betas: np.ndarray, R: np.ndarray, trans: np.ndarray) -> np.ndarray:
    """Joints [T, 24, 3] of one person. betas: [N].  R: [T, 24, 3, 3] in the world.  trans: [T, 3] of the model's
    origin, so that the pelvis is at trans + the rest pelvis."""
    n = min(body.shapedirs.shape[-1], len(betas))
    rest = body.template + body.shapedirs[..., :n] @ betas[:n]
    places = np.empty((*R.shape[:2], 3))
    places[:, 0] = trans + rest[0]
    for joint, parent in list(enumerate(PARENTS))[1:]:
        places[:, joint] = places[:, parent] + R[:, parent] @ (rest[joint] - rest[parent])
    return places


def landmarks(
    name: str,
    joints: np.ndarray,
    R: np.ndarray | None,
    up: str,
    *,
    fps: float,
    split: Split,
    texts: Sequence[str] = (),
    valid: np.ndarray | None = None,
) -> LandmarkMotion:
    """Joints [P, T, n, 3] and world rotations [P, T, n, 3, 3] of a file whose axis `up` points up, z up.

    valid: [P, T], false where a person is not there at all.
    """
    axes, shape = Z_UP[up], joints.shape[:3]
    weight = (
        np.ones(shape, np.float32) if valid is None else np.repeat(valid[..., None], shape[2], 2).astype(np.float32)
    )
    return LandmarkMotion(
        name=name,
        names=JOINTS[: shape[2]],
        positions=joints @ axes.T,
        weight=weight,
        orientations=None if R is None else axes @ R,
        fps=fps,
        texts=tuple(texts),
        split=split,
    )


def camera_of(K: np.ndarray, R: np.ndarray, t: np.ndarray, size: tuple[float, float], up: str, n_frames: int) -> Camera:
    """A camera of a z-up world. R: [3, 3] or [T, 3, 3] and t: [3] or [T, 3], camera from the file's world."""
    turned = np.broadcast_to(R @ Z_UP[up].T, (n_frames, 3, 3))
    return Camera(
        K=np.asarray(K, np.float32),
        R=turned.astype(np.float32),
        t=np.broadcast_to(t, (n_frames, 3)).astype(np.float32),
        image_size=np.array(size, np.float32),
    )


def boxes(camera: Camera, points: np.ndarray) -> np.ndarray:
    """Boxes [P, T, 4] around the projections of joints [P, T, n, 3], with a margin; nan where one is behind the
    camera."""
    seen = np.einsum("tij,ptnj->ptni", camera.R, points) + np.asarray(camera.t)[None, :, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        pixels = np.einsum("ij,ptnj->ptni", np.asarray(camera.K, np.float64), seen / seen[..., 2:])[..., :2]
    low, high = pixels.min(axis=2), pixels.max(axis=2)
    room = _MARGIN * (high - low)
    found = np.concatenate([low - room, high + room], axis=-1)
    return np.where((seen[..., 2] > 0).all(axis=-1)[..., None], found, np.nan)


def body_file(bodies: pathlib.Path | None, family: Family, gender: str, needed_by: str) -> pathlib.Path:
    """The file of the body model SMPL_MALE, SMPLX_NEUTRAL, … (.npz or .pkl) anywhere below a folder.

    Raises UserError where it is not there: nothing stands in for it.
    """
    name = f"{family}_{gender}".upper()
    found = sorted(bodies.rglob("*")) if bodies is not None and bodies.is_dir() else []
    fitting = [path for path in found if path.stem.upper() == name and path.suffix in (".npz", ".pkl")]
    if not fitting:
        where = f"not in {bodies}" if bodies is not None else "not given"
        raise UserError(f"{needed_by} needs the body model {name}.npz or .pkl, {where}: name its folder with --bodies")
    return fitting[0]


def folder_of(root: pathlib.Path, what: str, *parts: str) -> pathlib.Path:
    """ROOT/parts. Raises UserError where there is no such folder."""
    folder = root.joinpath(*parts)
    if not folder.is_dir():
        raise UserError(
            f"{folder}: no such folder; give the folder that {what} was unpacked to, which holds {parts[0]}"
        )
    return folder


def all_there(files: Sequence[pathlib.Path]) -> tuple[pathlib.Path, ...]:
    """The files, or none where not one is there. Raises UserError where some are missing."""
    missing = [path for path in files if not path.is_file()]
    if missing and len(missing) < len(files):
        raise UserError(f"{missing[0]}: {len(missing)} of {len(files)} pictures are missing; unpack them all, or none")
    return () if missing else tuple(files)
