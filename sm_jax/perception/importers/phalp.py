"""PHALP and 4D-Humans: `outputs/results/demo_<video>.pkl`, written with joblib.

A dictionary from a frame's path to its record, in which lists run in parallel over people: `tid`, `tracked_time`
(frames since the person was last detected; more than 0 is a ghost, whose entries repeat older ones), `smpl`
{global_orient [1, 3, 3], body_pose [23, 3, 3], betas [10]}, `camera` [3], `size` [height, width], `conf`; and `time`,
the frame's number. Source: brjathu/PHALP, `trackers/PHALP.py` and `models/hmar/hmar.py`.

The picture is padded to a square of 256 px seen with a focal length of 5000, so distances are of no meaning until they
are scaled. `2d_joints` are projections of the body and not measured, thus left out.
"""

import collections
from collections.abc import Mapping
from typing import Any

import numpy as np

from sm_jax.assets.arrays import Unreadable
from sm_jax.perception.importers.estimate import (
    Estimate,
    SourceCamera,
    centred,
    numbers_of,
    rotations_24,
    track,
)

FOCAL, SIDE = 5000.0, 256.0  # pixels


def matches(content: Any) -> bool:
    """Whether a file's content is PHALP's."""
    first = next(iter(content.values()), None) if isinstance(content, Mapping) else None
    return isinstance(first, Mapping) and {"tid", "smpl", "camera", "tracked_time"} <= set(first)


def read(content: Any) -> Estimate:
    """All people of the file, ghosts left out. Raises Unreadable for records of another layout."""
    rows: dict[str, dict[int, Any]] = collections.defaultdict(dict)
    size = None
    for number, (path, record) in enumerate(content.items()):
        where = f"{path}: "
        frame = int(record["time"]) if "time" in record else number
        people = record.get("tid", [])
        for person, name in enumerate(people):
            since = record["tracked_time"]
            if person >= len(since) or since[person] != 0:
                continue
            lists = [record.get(key, ()) for key in ("smpl", "camera", "size")]
            if any(len(values) <= person for values in lists):
                raise Unreadable(f"{where}{len(people)} people, but smpl, camera and size of fewer")
            smpl = lists[0][person]
            if not isinstance(smpl, Mapping):
                continue  # a person who was never regressed
            height, width = (float(x) for x in np.asarray(lists[2][person]).reshape(-1)[:2])
            if size not in (None, (width, height)):
                raise Unreadable(f"{where}`size` differs from that of frames before")
            size = width, height
            conf = record.get("conf", ())
            rows[str(name)][frame] = (
                numbers_of(smpl, "global_orient", 1, 3, 3, where=where),
                numbers_of(smpl, "body_pose", 23, 3, 3, where=where),
                numbers_of(smpl, "betas", 10, where=where),
                np.asarray(lists[1][person], np.float64).reshape(3),
                float(np.ravel(conf[person])[0]) if len(conf) > person and conf[person] is not None else 1.0,
            )
    if size is None:
        raise Unreadable("nobody is in it")
    tracks = []
    for name, found in rows.items():
        root, pose, betas, camera, conf = (np.array(column) for column in zip(*found.values(), strict=True))
        tracks.append(track(name, list(found), rotations_24(root, pose), camera, betas, conf))
    K = centred(FOCAL / SIDE * max(size), *size)
    return Estimate(
        tool="PHALP",
        tracks=tuple(tracks),
        family="smpl",
        image_size=size,
        camera=SourceCamera(K=K, is_real=False),
    )
