"""What another tool's file says of the people in a video, in one form whatever the tool."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.assets.arrays import Unreadable
from sm_jax.body.rest_pose import Family
from sm_jax.body.skeleton import JOINTS

_FURTHEST = 1e5  # metres from the camera; a focal length of 5000 at 256 px puts people a few hundred away
MOST_FRAMES = 2**22  # of a video
_REFLECTED = 0.05  # how far a matrix may be from a rotation


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Track:
    """One person of a file, in n frames, ascending and not necessarily one after the other.

    name: the tool's number of the person.  frames: [n] of the source video.  confidence: [n] in [0, 1], of the
    detector that found the person.
    rotations: [n, 24, 3, 3] as in `Motion`, the first camera from pelvis, and trans: [n, 3] metres in the camera's
    frame, where the body model's origin is put; both None where the file holds keypoints alone. The pelvis is at trans
    + axes @ the body's rest pelvis.  axes: [3, 3] or [n, 3, 3] camera from the frame whose motion the file holds.
    betas: [N], the median over frames; None if unknown.
    keypoints: [n, K, 2] pixels and keypoint_confidence: [n, K] in [0, 1]; both None where the file has none.
    """

    name: str
    frames: np.ndarray
    confidence: np.ndarray
    rotations: np.ndarray | None = None
    trans: np.ndarray | None = None
    axes: np.ndarray = dataclasses.field(default_factory=lambda: np.eye(3))
    betas: np.ndarray | None = None
    keypoints: np.ndarray | None = None
    keypoint_confidence: np.ndarray | None = None


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class SourceCamera:
    """The camera in whose frame a file's people are. K: [3, 3] in pixels of the picture.

    is_real: whether its focal length is meant to be the picture's; otherwise it is a constant of the tool, and
    distances are to be scaled to a real one.
    R: [F, 3, 3] and t: [F, 3], reference frame from camera, of each frame of the video; None for a camera that stands
    still, or of which nothing is known.
    """

    K: np.ndarray
    is_real: bool
    R: np.ndarray | None = None
    t: np.ndarray | None = None


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Estimate:
    """People of one video.

    tool: who made the file.  family: the body model of the rotations.  image_size: (width, height) in pixels; None if
    the file does not say.  fps: None if the file does not say.  camera: None where it depends on the picture's size,
    then `camera_of`, given (width, height), says it; both None for keypoints alone and for motion in a world.
    up: [3] against gravity, where the frame is a world's instead of a camera's.
    """

    tool: str
    tracks: tuple[Track, ...]
    family: Family | None = None
    image_size: tuple[float, float] | None = None
    fps: float | None = None
    camera: SourceCamera | None = None
    camera_of: Callable[[float, float], SourceCamera] | None = None
    up: np.ndarray | None = None


def centred(focal: float, width: float, height: float) -> np.ndarray:
    """Intrinsics [3, 3] with the principal point in the picture's middle."""
    return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]], np.float64)


def numbers_of(record: Mapping[Any, Any], key: Any, *shape: int | None, where: str = "") -> np.ndarray:
    """An entry of a file as float64 of a shape, in which None stands for any size.

    Raises Unreadable, naming the key, what was expected and what was found.
    """
    label = f"`{where}{key}`"
    if not isinstance(record, Mapping) or key not in record:
        found = ", ".join(map(str, list(record)[:8])) if isinstance(record, Mapping) else type(record).__name__
        raise Unreadable(f"{label} is missing (there are {found})")
    try:
        array = np.array(record[key], np.float64)  # a copy: the bytes of a file are read-only
    except (TypeError, ValueError) as error:
        raise Unreadable(f"{label} holds no numbers") from error
    wanted = tuple("any" if size is None else size for size in shape)
    if array.ndim != len(shape) or any(want not in (None, size) for want, size in zip(shape, array.shape, strict=True)):
        raise Unreadable(f"{label} has shape {array.shape}, expected {wanted}".replace("'any'", "any"))
    if not np.isfinite(array).all():
        raise Unreadable(f"{label} holds numbers that are not finite")
    return array


def rotations_24(*parts: np.ndarray) -> np.ndarray:
    """Rotations [n, 24, 3, 3] of matrices [n, j, 3, 3] or axis-angle vectors [n, 3 j] in SMPL's order, root first.

    Of 22 joints and more: hands that are not there rest, and what stands beyond SMPL's 24 is left out. Raises
    Unreadable for matrices that are no rotations.
    """
    local = np.concatenate([_matrices(part) for part in parts], axis=1)
    full = np.tile(np.eye(3), (len(local), len(JOINTS), 1, 1))
    # Beyond the wrists SMPL-H and SMPL-X have other joints than SMPL, whose hands are left at rest.
    count = len(JOINTS) if local.shape[1] == len(JOINTS) else 22
    if local.shape[1] < count:
        raise Unreadable(f"rotations of {local.shape[1]} joints, expected 22 at least")
    full[:, :count] = local[:, :count]
    return full


def _matrices(part: np.ndarray) -> np.ndarray:
    if part.shape[-2:] == (3, 3) and part.ndim == 4:
        off = np.abs(part @ part.swapaxes(-1, -2) - np.eye(3)).max(initial=0)
        if off > _REFLECTED or (np.linalg.det(part) < 0).any():
            raise Unreadable("rotation matrices that are no rotations")
        return part
    return Rotation.from_rotvec(part.reshape(-1, 3)).as_matrix().reshape(len(part), -1, 3, 3)


def track(
    name: object,
    frames: np.ndarray | Sequence[int],
    rotations: np.ndarray,
    trans: np.ndarray,
    betas: np.ndarray | None = None,
    confidence: np.ndarray | None = None,
    axes: np.ndarray | None = None,
) -> Track:
    """A person with motion, frames put in order. betas: [N] or [n, N].  axes: [n, 3, 3] as in `Track`.

    Raises Unreadable for what no person does.
    """
    frames = np.asarray(frames)
    if not len(frames) == len(rotations) == len(trans):
        raise Unreadable(f"person {name}: {len(frames)} frames, {len(rotations)} poses, {len(trans)} places")
    if len(frames) == 0 or frames.min() < 0 or frames.max() > MOST_FRAMES or np.abs(trans).max() > _FURTHEST:
        raise Unreadable(f"person {name}: frame numbers or places that cannot be")
    order = np.argsort(frames, kind="stable")
    if (np.diff(frames[order]) == 0).any():
        raise Unreadable(f"person {name} is twice in one frame")
    confidence = np.ones(len(frames)) if confidence is None else np.clip(confidence, 0, 1)
    return Track(
        name=str(name),
        frames=frames[order].astype(np.int64),
        confidence=confidence[order],
        rotations=rotations[order],
        trans=trans[order],
        axes=np.eye(3) if axes is None else axes[order],
        betas=None if betas is None else np.median(np.atleast_2d(betas), axis=0),
    )
