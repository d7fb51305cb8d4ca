"""WHAM: `wham_output.pkl`, written with joblib where `--save_pkl` is given.

{person: {pose [T, 72], trans [T, 3], betas [T, 10], frame_ids [T], pose_world, trans_world, verts}}, SMPL, axis-angle
in the camera's frame. Source: yohanshin/WHAM, `demo.py`.

`*_world` is left out: every person's world begins at the own feet. The file holds no camera: without a calibration WHAM
takes the picture's diagonal as focal length, so the picture's size has to be known.
"""

import math
from collections.abc import Mapping
from typing import Any

from sm_jax.assets.arrays import Unreadable
from sm_jax.perception.importers.estimate import Estimate, SourceCamera, centred, numbers_of, rotations_24, track


def matches(content: Any) -> bool:
    """Whether a file's content is WHAM's."""
    first = next(iter(content.values()), None) if isinstance(content, Mapping) else None
    return isinstance(first, Mapping) and {"pose", "trans", "frame_ids"} <= set(first)


def read(content: Any) -> Estimate:
    """All people of the file. Raises Unreadable for another layout."""
    tracks = []
    for name, person in content.items():
        where = f"{name}."
        pose = numbers_of(person, "pose", None, 72, where=where)
        n_frames = len(pose)
        trans = numbers_of(person, "trans", n_frames, 3, where=where)
        betas = numbers_of(person, "betas", None, 10, where=where)
        frames = numbers_of(person, "frame_ids", n_frames, where=where).astype(int)
        tracks.append(track(name, frames, rotations_24(pose), trans, betas))
    if not tracks:
        raise Unreadable("nobody is in it")
    return Estimate(tool="WHAM", tracks=tuple(tracks), family="smpl", camera_of=_camera)


def _camera(width: float, height: float) -> SourceCamera:
    return SourceCamera(K=centred(math.hypot(width, height), width, height), is_real=True)
