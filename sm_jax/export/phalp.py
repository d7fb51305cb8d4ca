"""Both people as PHALP and 4D-Humans' `track.py` write their tracks: one pickle of NumPy arrays, frame after frame.

Layout of `final_visuals_dic` in github.com/brjathu/PHALP, `phalp/trackers/PHALP.py` (MIT); docs/exporting.md lists it.
Everything is in the camera's frame there, OpenCV's, under a focal length of 5000 for 256 pixels of the longer side.
"""

import pathlib
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np

from sm_jax.assets.files import replacing
from sm_jax.body import smpl
from sm_jax.body.rest_pose import as_family
from sm_jax.body.skeleton import SMPL_REST_PELVIS
from sm_jax.export import mesh
from sm_jax.export.npz import MotionFile
from sm_jax.types import Array

_FOCAL, _SIDE = 5000.0, 256.0
_BETAS = 10
_NEAR = 0.05  # metres in front of the camera: what is nearer is projected as if it were there


def save_phalp(path: str | pathlib.Path, body: smpl.Body, content: MotionFile) -> None:
    """Write both people's tracks, keyed by the names that frames of the video get when they are extracted: 000001.jpg.

    Track 0 is person 0. A frame in which a person is infilled altogether has no detection of it, and `tracked_time`
    counts them. `extra_data` holds what the layout has no place for: the true focal length and translation in metres,
    and the camera in the world. Of an open body it is the mean SMPL body's motion, as in AMASS files.
    Python's `pickle` reads it with NumPy 1 and 2, joblib too. Raises UserError if the path cannot be written.
    """
    frames = {frame["frame_path"]: frame for frame in _frames(body, content)}
    # NumPy 2 calls its own reader by a name that NumPy 1 does not have, and knows the old one.
    raw = pickle.dumps(frames, protocol=3).replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
    with replacing(path) as temporary:
        temporary.write_bytes(raw)


def phalp_focal(image_size: Array) -> float:
    """The focal length in pixels that PHALP's cameras stand for, of a picture of this width and height."""
    return _FOCAL / _SIDE * float(max(image_size))


def _frames(body: smpl.Body, content: MotionFile) -> Iterator[dict[str, Any]]:
    """One record a frame, of both people in this order."""
    camera, motion = content.camera, content.motion
    people = range(len(content.rest_joints))
    open_body = content.body.startswith("open-")
    if open_body:
        motion = as_family(motion, "smpl", content.rest_joints)
    since = _frames_since_seen(content.infilled)
    rest = [
        np.array(SMPL_REST_PELVIS, np.float32) if open_body else content.rest_joints[person, 0] for person in people
    ]
    betas = np.zeros((len(people), _BETAS), np.float32)
    if not open_body:
        count = min(_BETAS, motion.betas.shape[-1])
        betas[:, :count] = motion.betas[:, :count]
    width, height = (int(side) for side in camera.image_size)
    for t, skin in enumerate(mesh.posed_frames(body, content.motion)):
        number = int(content.frame_index[t])
        boxes = [_box(_pixels(camera.K, points @ camera.R[t].T + camera.t[t])) for points in skin]
        pelvis = np.asarray(motion.pelvis[:, t]) @ camera.R[t].T + camera.t[t]
        orient = camera.R[t] @ np.asarray(motion.global_orient[:, t])
        seen = [person for person in people if since[person, t] == 0]
        yield {
            "time": number,
            "shot": 0,
            "frame_path": f"{number + 1:06d}.jpg",
            "tid": list(people),
            "bbox": boxes,
            "tracked_ids": seen,
            "tracked_bbox": [boxes[person] for person in seen],
            "tracked_time": [int(since[person, t]) for person in people],
            "smpl": [
                {
                    "global_orient": orient[person, None].astype(np.float32),
                    "body_pose": np.asarray(motion.body_pose[person, t], np.float32),
                    "betas": betas[person],
                }
                for person in people
            ],
            "camera": [
                _phalp_translation(pelvis[person], content).astype(np.float32) - rest[person] for person in people
            ],
            "center": [box[:2] + box[2:] / 2 for box in boxes],
            "scale": [box[2:] for box in boxes],
            "size": [[height, width] for _ in people],
            "conf": [float(content.visibility[person, t].mean()) for person in people],
            "extra_data": [
                {
                    "focal_length": float(camera.K[0, 0]),
                    "transl": (pelvis[person] - rest[person]).astype(np.float32),
                    "R_camera_world": np.asarray(camera.R[t], np.float64),
                    "t_camera_world": np.asarray(camera.t[t], np.float64),
                    "seconds": float(content.time[t]),
                }
                for person in people
            ],
        }


def _frames_since_seen(infilled: np.ndarray) -> np.ndarray:
    """[P, T] frames since any joint of a person was seen (since the start, if none was yet); infilled: [P, T, J]."""
    hidden = np.asarray(infilled.all(axis=-1))
    frames = np.arange(1, hidden.shape[-1] + 1)
    return frames - np.maximum.accumulate(np.where(hidden, 0, frames), axis=-1)


def _phalp_translation(pelvis: np.ndarray, content: MotionFile) -> np.ndarray:
    """Where a pelvis [3] in the camera's frame stands under PHALP's camera: in the same pixel, as large, far away."""
    K, size = content.camera.K, np.asarray(content.camera.image_size, np.float64)
    focal = phalp_focal(size)
    depth = pelvis[2] * focal / K[0, 0]
    return np.append((_pixels(K, pelvis) - size / 2) / focal * depth, depth)


def _pixels(K: Array, points: np.ndarray) -> np.ndarray:
    """Pixels [..., 2] of points [..., 3] in the camera's frame."""
    return (points / np.maximum(points[..., 2:], _NEAR)) @ np.asarray(K)[:2].T


def _box(pixels: np.ndarray) -> np.ndarray:
    """Left, top, width and height of points [V, 2]."""
    low = pixels.min(0)
    return np.concatenate([low, pixels.max(0) - low])
