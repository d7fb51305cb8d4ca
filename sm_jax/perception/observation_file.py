"""An observation as an .npz file: the border between perception, ours or another tool's, and the reconstruction.

Keys, beside `format`: keypoints [2, T, 23, 2] px, keypoint_confidence [2, T, 23], poses [2, T, 24, 3] axis-angle
(world from pelvis, then parent-relative), pelvis [2, T, 3] m, betas [2, N], visibility [2, T, 24], K [3, 3],
R [T, 3, 3] and t [T, 3] camera from world, image_size [2] px, fps [], frame_index [T].

Where it was seen in a video, also video_path, video_times [N] s (since the first, of all its frames; frame_index counts
them), video_fps [] and focal_is_heuristic []: with these a reconstruction returns the video's own frames. And what
there is to know of it: remarks [n], texts, and camera_moved [], of the picture's longer side, NaN where nobody looked.

And where our front-end saw it, what it takes to fit the people again under another focal length or on another body:
body, the name of the one that betas belong to; metres [2, T, 23, 3], the keypoints relative to the hips as the
landmarks have them; and metres_trusted [2, T] in {0, 1}.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sm_jax.assets.arrays import Unreadable, check_shapes, numbers, read_npz
from sm_jax.body.skeleton import JOINTS, KEYPOINTS
from sm_jax.errors import UserError
from sm_jax.geometry.rotations import axis_angle_to_matrix, matrix_to_axis_angle
from sm_jax.motion.frames import map_on_host, slice_observation
from sm_jax.perception.video import Video
from sm_jax.types import Camera, Motion, Observation

FORMAT = "sm_jax observation 1"
# Axes of each array, where P is 2 and a letter stands for any one size.
_AXES: dict[str, tuple[int | str, ...]] = {
    "keypoints": (2, "T", len(KEYPOINTS), 2),
    "keypoint_confidence": (2, "T", len(KEYPOINTS)),
    "poses": (2, "T", len(JOINTS), 3),
    "pelvis": (2, "T", 3),
    "betas": (2, "N"),
    "visibility": (2, "T", len(JOINTS)),
    "K": (3, 3),
    "R": ("T", 3, 3),
    "t": ("T", 3),
    "image_size": (2,),
    "fps": (),
    "frame_index": ("T",),
}
_AGAIN: dict[str, tuple[int | str, ...]] = {
    "metres": (2, "T", len(KEYPOINTS), 3),
    "metres_trusted": (2, "T"),
}
_LONGEST_STEP = 60.0  # seconds from a frame to the next
_REMARKS, _LONGEST_REMARK = 30, 600  # lines, and characters of one
_FARTHEST = 1e6  # of any number: pixels of people beside the picture, metres, radians
_RANGES = {
    "keypoint_confidence": (0, 1),
    "visibility": (0, 1),
    "betas": (-100, 100),
    "R": (-1.01, 1.01),
    "image_size": (1, 65_536),
    "fps": (0.1, 10_000),
    "frame_index": (-(2**31), 2**31),
    "metres": (-10, 10),
    "metres_trusted": (0, 1),
}


class LandmarkMetres(NamedTuple):
    """The keypoints in depth, for a fit. metres: [P, T, K, 3].  trusted: [P, T] bool, whether they were measured."""

    metres: np.ndarray
    trusted: np.ndarray


def save_observation(
    path: Path,
    observation: Observation,
    video: Video | None = None,
    *,
    focal_is_heuristic: bool = False,
    body: str | None = None,
    landmarks: LandmarkMetres | None = None,
    remarks: Sequence[str] = (),
    camera_moved: float | None = None,
) -> None:
    """Write an observation of one clip, without frames outside its mask, of which video, if any, and what there is to
    know of it. body: name of the one that it is on.  landmarks: in the frames of the observation. Raises UserError if
    the file cannot be written."""
    there = np.asarray(observation.frame_mask) > 0
    observation = slice_observation(observation, there)
    motion, camera = observation.motion, observation.camera
    arrays = {
        "keypoints": observation.keypoints,
        "keypoint_confidence": observation.keypoint_confidence,
        "poses": map_on_host(matrix_to_axis_angle, motion.rotations, 1),
        "pelvis": motion.pelvis,
        "betas": motion.betas,
        "visibility": observation.visibility,
        "K": camera.K,
        "R": camera.R,
        "t": camera.t,
        "image_size": camera.image_size,
        "fps": observation.fps,
        "frame_index": observation.frame_index,
    }
    try:
        with path.open("wb") as file:
            stored: dict[str, Any] = {key: np.asarray(x, _dtype(key)) for key, x in arrays.items()}
            if video is not None:
                stored["video_path"] = os.fsencode(video.path.resolve())
                stored["video_times"], stored["video_fps"] = video.times, video.fps
                stored["focal_is_heuristic"] = focal_is_heuristic
            if body is not None:
                stored["body"] = body
            if landmarks is not None:
                stored["metres"] = np.asarray(landmarks.metres[:, there], np.float32)
                stored["metres_trusted"] = landmarks.trusted[:, there]
            stored["remarks"] = np.array(remarks, str)
            stored["camera_moved"] = np.nan if camera_moved is None else camera_moved
            np.savez_compressed(file, format=FORMAT, **stored)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}); choose another place") from error


def is_observation(path: Path) -> bool:
    """Whether a file says that it is one."""
    try:
        return str(read_npz(path, ("format",)).get("format", "")) == FORMAT
    except (Unreadable, OSError):
        return False


def load_observation(path: Path) -> Observation:
    """Read an observation. Raises UserError, naming the key and the frame, for a file that is not a sound one."""
    arrays = _read(path)
    try:
        check_shapes(arrays, _AXES)
    except Unreadable as error:
        raise UserError(f"{path}: {error}; docs of sm_jax.perception.observation_file list what belongs in") from error
    for key, values in arrays.items():
        _check_values(path, key, values)
    K, R = arrays["K"], arrays["R"]
    if min(K[0, 0], K[1, 1]) <= 0 or np.abs(K[[1, 2, 2, 2], [0, 0, 1, 2]] - [0, 0, 0, 1]).max() > 1e-3:
        raise UserError(f"{path}: `K` is no camera's; give [[f, 0, x], [0, f, y], [0, 0, 1]] in pixels")
    if np.abs(R @ R.swapaxes(-1, -2) - np.eye(3)).max() > 0.01:
        raise UserError(f"{path}: `R` holds what is no rotation; give camera from world")
    rotations = map_on_host(axis_angle_to_matrix, arrays["poses"], 1)
    return Observation(
        keypoints=arrays["keypoints"],
        keypoint_confidence=arrays["keypoint_confidence"],
        motion=Motion(
            global_orient=rotations[:, :, 0],
            body_pose=rotations[:, :, 1:],
            pelvis=arrays["pelvis"],
            betas=arrays["betas"],
        ),
        visibility=arrays["visibility"],
        camera=Camera(K=arrays["K"], R=arrays["R"], t=arrays["t"], image_size=arrays["image_size"]),
        fps=arrays["fps"],
        frame_index=arrays["frame_index"],
        frame_mask=np.ones(len(arrays["frame_index"]), np.float32),
    )


def load_evidence(path: Path, observation: Observation) -> tuple[str | None, LandmarkMetres | None]:
    """The name of the body that a saved observation is on, where the file says, and its keypoints in depth, where our
    front-end saw it. Raises UserError for a file in which they are damaged."""
    try:
        found = read_npz(path, ("body", *_AGAIN))
        name = str(found["body"]) if "body" in found else None
        if not _AGAIN.keys() <= found.keys():
            return name, None
        arrays = {key: numbers(found, key, np.float32) for key in _AGAIN}
        check_shapes(arrays, _AGAIN)
    except (Unreadable, OSError) as error:
        raise UserError(f"{path}: cannot be read ({error}); observe the video again") from error
    for key, values in arrays.items():
        _check_values(path, key, values, _AGAIN)
    if arrays["metres"].shape[1] != observation.visibility.shape[1]:
        raise UserError(f"{path}: `metres` has other frames than `keypoints`; observe the video again")
    return name, LandmarkMetres(arrays["metres"], arrays["metres_trusted"] > 0)


def load_source(path: Path, observation: Observation) -> tuple[Video, bool] | None:
    """The video that a saved observation was seen in, which may be gone, and whether its focal length is a guess; None
    where the file names none. Raises UserError where times and frames do not belong together.
    """
    keys = ("video_path", "video_times", "video_fps", "focal_is_heuristic")
    try:
        found = read_npz(path, keys)
        if keys[0] not in found:
            return None
        name, times, fps, guessed = (found[key] for key in keys)
        width, height = (round(float(side)) for side in observation.camera.image_size)
        source, rate = Path(os.fsdecode(name.item())), float(fps)
        times, guessed = np.asarray(times, np.float64).reshape(-1), bool(guessed)
    except (Unreadable, OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise UserError(f"{path}: its video's times cannot be read ({error}); observe the video again") from error
    index = np.asarray(observation.frame_index)
    steps, (least, most) = np.diff(times), _RANGES["fps"]
    sound = len(times) and np.isfinite(times).all() and ((steps > 0) & (steps <= _LONGEST_STEP)).all()
    sound = sound and least <= rate <= most
    if not (sound and (np.diff(index) >= 0).all() and index[0] >= 0 and index[-1] < len(times)):
        raise UserError(
            f"{path}: `video_times` or `frame_index` do not ascend, or do not agree; observe the video again"
        )
    return Video(path=source, width=width, height=height, times=times, fps=rate, has_pictures=False), guessed


def load_remarks(path: Path) -> tuple[tuple[str, ...], float | None]:
    """What a saved observation says of itself: remarks, and how far the camera moved, None where that is not known."""
    try:
        found = read_npz(path, ("remarks", "camera_moved"))
        lines = [str(line) for line in found.get("remarks", np.array([], str)).reshape(-1)[:_REMARKS]]
        moved = float(found.get("camera_moved", np.nan))
    except (Unreadable, OSError, ValueError, TypeError) as error:
        raise UserError(f"{path}: its remarks cannot be read ({error}); observe the video again") from error
    plain = tuple("".join(c for c in line[:_LONGEST_REMARK] if c.isprintable()) for line in lines)
    return plain, moved if np.isfinite(moved) else None


def _read(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise UserError(f"{path}: no such file; give a video or an observation .npz")
    try:
        found = read_npz(path, ("format", *_AXES))
        if str(found.get("format", "")) != FORMAT:
            raise UserError(f"{path}: not an observation of sm_jax (its key `format` is not '{FORMAT}')")
        return {key: numbers(found, key, _dtype(key)) for key in _AXES if key in found}
    except (Unreadable, OSError) as error:
        raise UserError(f"{path}: not a readable .npz file ({error}); write it again") from error


def _dtype(key: str) -> type[np.generic]:
    return np.int64 if key == "frame_index" else np.float32


def _check_values(path: Path, key: str, values: np.ndarray, all_axes: dict[str, tuple[int | str, ...]] = _AXES) -> None:
    low, high = _RANGES.get(key, (-_FARTHEST, _FARTHEST))
    bad = ~((values >= low) & (values <= high))
    if not bad.any():
        return
    axes = all_axes[key]
    where = f", frame {np.argwhere(bad)[0][axes.index('T')]}" if "T" in axes else ""
    raise UserError(
        f"{path}: `{key}`{where} is NaN, infinite or outside [{low:g}, {high:g}]; "
        "give what was not seen any finite value and confidence or visibility zero"
    )
