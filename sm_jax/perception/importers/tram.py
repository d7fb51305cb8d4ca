"""TRAM: a folder with `camera.npy` and `hps/hps_track_<k>.npy`, dictionaries of torch's tensors saved with NumPy.

A track: `pred_rotmat` [T, 24, 3, 3], `pred_trans` [T, 1, 3], `pred_shape` [T, 10], `frame` [T], SMPL in the camera's
frame. The camera: `pred_cam_R` [F, 3, 3] and `pred_cam_T` [F, 3], world from camera, `img_focal`, `img_center`. Source:
yufu-wang/tram, `scripts/estimate_humans.py` and `visualize_tram.py`. Segments of less than 16 frames are not in it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sm_jax.assets.arrays import Unreadable
from sm_jax.perception.importers.estimate import Estimate, SourceCamera, numbers_of, rotations_24, track


def matches(content: Any) -> bool:
    """Whether a file's content is one of TRAM's tracks."""
    return isinstance(content, Mapping) and {"pred_rotmat", "pred_trans", "frame"} <= set(content)


def is_camera(content: Any) -> bool:
    """Whether a file's content is TRAM's camera."""
    return isinstance(content, Mapping) and {"pred_cam_R", "img_focal"} <= set(content)


def read_tracks(tracks: list[tuple[str, Any]], camera: Any) -> Estimate:
    """People, each of a file by its name, in the camera of `camera.npy`. Raises Unreadable for another layout."""
    if camera is None:
        raise Unreadable("TRAM's camera.npy is missing: give the folder, or that file too")
    people = []
    for name, content in tracks:
        rotations = numbers_of(content, "pred_rotmat", None, 24, 3, 3)
        n = len(rotations)
        trans = np.asarray(content["pred_trans"], np.float64).reshape(-1, 3)
        betas, frames = numbers_of(content, "pred_shape", n, 10), numbers_of(content, "frame", n).astype(int)
        people.append(track(name, frames, rotations_24(rotations), trans, betas))
    return Estimate(
        tool="TRAM",
        tracks=tuple(people),
        family="smpl",
        **camera_and_size(camera, "pred_cam_R", "pred_cam_T"),
    )


def camera_and_size(camera: Any, R_key: str, t_key: str) -> dict[str, Any]:
    """Fields of `Estimate` for a camera {img_focal, img_center} with a path, world from camera, under two keys."""
    focal = float(np.ravel(np.asarray(camera["img_focal"], np.float64))[0])
    x, y = numbers_of(camera, "img_center", 2)
    R = numbers_of(camera, R_key, None, 3, 3)
    K = np.array([[focal, 0, x], [0, focal, y], [0, 0, 1]])
    path = SourceCamera(K=K, is_real=True, R=R, t=numbers_of(camera, t_key, len(R), 3))
    return {"image_size": (2 * x, 2 * y), "camera": path}
