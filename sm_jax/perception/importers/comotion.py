"""CoMotion: `.pt`, written with torch, a flat list over frames and people.

`id` [N], `pose` [N, 72] axis-angle, `trans` [N, 3], `betas` [N, 10], `frame_idx` [N], SMPL in the camera's frame.
Source: apple/ml-comotion. The file holds no camera: its focal length has to be given.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sm_jax.assets.arrays import Unreadable
from sm_jax.perception.importers.estimate import Estimate, numbers_of, rotations_24, track


def matches(content: Any) -> bool:
    """Whether a file's content is CoMotion's."""
    return isinstance(content, Mapping) and {"id", "pose", "trans", "frame_idx"} <= set(content)


def read(content: Any) -> Estimate:
    """All people of the file. Raises Unreadable for another layout."""
    pose = numbers_of(content, "pose", None, 72)
    n = len(pose)
    trans, betas = numbers_of(content, "trans", n, 3), numbers_of(content, "betas", n, 10)
    ids, frames = (numbers_of(content, key, n).astype(int) for key in ("id", "frame_idx"))
    if n == 0:
        raise Unreadable("nobody is in it")
    rotations = rotations_24(pose)
    rows = [(name, ids == name) for name in np.unique(ids)]
    tracks = tuple(track(name, frames[own], rotations[own], trans[own], betas[own]) for name, own in rows)
    return Estimate(tool="CoMotion", tracks=tracks, family="smpl")
