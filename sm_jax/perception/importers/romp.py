"""ROMP and BEV: a folder of per-frame `*.npz`, or `video_results.npz`, with pickled dictionaries.

Per frame `results`: `smpl_thetas` [P, 72] axis-angle, `smpl_betas` [P, 10] (BEV: 11, the last of which blends towards a
child's body), `cam_trans` [P, 3], `track_ids` [P] where tracking (`-t`) was on, `center_confs`. A video's file holds
`results` {frame: the same} and `sequence_results` {person: {frame: …}}. Source: Arthur151/ROMP, `simple_romp`.

The camera sees 60 degrees of the picture padded to a square (443.4 px at 512), which is a constant of the tool.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from sm_jax.assets.arrays import Unreadable
from sm_jax.perception.importers.estimate import Estimate, SourceCamera, centred, numbers_of, rotations_24, track

_TANGENT = math.tan(math.radians(30))


def matches(content: Any) -> bool:
    """Whether a file's content is ROMP's, of a frame or of a video."""
    if not isinstance(content, Mapping) or "results" not in content:
        return False
    found = content["results"]
    if found is None:
        return True  # nobody was found in the frame
    return isinstance(found, Mapping) and (not found or "smpl_thetas" in found or "sequence_results" in content)


def read(content: Any) -> Estimate:
    """All people of a video's file, or of one frame's. Raises Unreadable for another layout."""
    if "sequence_results" not in content:
        return read_frames([("0", content)])
    return read_frames([(str(name), {"results": record}) for name, record in content["results"].items()])


def read_frames(records: list[tuple[str, Any]]) -> Estimate:
    """All people of many frames' files. records: the file's name, the last number in which is the frame's, and its
    content. Raises Unreadable for another layout and where nothing says which person is which."""
    rows: dict[str, dict[int, Any]] = {}
    for name, content in records:
        record, where = content["results"], f"{name}: "
        if not record:
            continue  # nobody was found in the frame
        thetas = numbers_of(record, "smpl_thetas", None, 72, where=where)
        count = len(thetas)
        trans = numbers_of(record, "cam_trans", count, 3, where=where)
        betas = numbers_of(record, "smpl_betas", count, None, where=where)[:, :10]
        if "track_ids" not in record:
            raise Unreadable(f"{where}`track_ids` is missing, so who is who is unknown: run ROMP or BEV with -t")
        ids = numbers_of(record, "track_ids", count, where=where).astype(int)
        confs = np.asarray(record.get("center_confs", np.ones(count)), np.float64).reshape(-1)
        digits = re.findall(r"\d+", name.rsplit("/", 1)[-1])
        if not digits:
            raise Unreadable(f"{where}no number in the frame's name")
        for person in range(count):
            frame = rows.setdefault(str(ids[person]), {})
            frame[int(digits[-1])] = (thetas[person], trans[person], betas[person], confs[person])
    if not rows:
        raise Unreadable("nobody is in it")
    tracks = []
    for name, found in rows.items():
        thetas, trans, betas, confs = (np.array(column) for column in zip(*found.values(), strict=True))
        tracks.append(track(name, list(found), rotations_24(thetas), trans, betas, confs))
    return Estimate(tool="ROMP", tracks=tuple(tracks), family="smpl", camera_of=_camera)


def _camera(width: float, height: float) -> SourceCamera:
    return SourceCamera(K=centred(max(width, height) / 2 / _TANGENT, width, height), is_real=False)
