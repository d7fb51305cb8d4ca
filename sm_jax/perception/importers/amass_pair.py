"""Two AMASS files of people who were recorded together, in one world with z up.

`poses` [T, 156] axis-angle of SMPL-H (or `root_orient` [T, 3] and `pose_body` [T, 63] of SMPL-X), `trans` [T, 3],
`betas`, and `mocap_framerate` (or `mocap_frame_rate`). Source: nghorbani/amass. A file does not say whose world it is
in, so a pair is only taken as one where that has been said.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sm_jax.assets.arrays import Unreadable
from sm_jax.body.rest_pose import Family
from sm_jax.perception.importers.estimate import Estimate, Track, numbers_of, rotations_24, track

_RATES = ("mocap_framerate", "mocap_frame_rate")
_UP = np.array([0.0, 0.0, 1.0])


def matches(content: Any) -> bool:
    """Whether a file's content is AMASS's."""
    return isinstance(content, Mapping) and "trans" in content and any(rate in content for rate in _RATES)


def read_pair(contents: list[tuple[str, Any]]) -> Estimate:
    """Two people, each of a file by its name. Raises Unreadable for another layout or number of files."""
    if len(contents) != 2:
        raise Unreadable(f"an AMASS pair is two files, not {len(contents)}")
    (first, rate), (second, other) = (_read(name, content) for name, content in contents)
    if rate != other:
        raise Unreadable(f"the two files have {rate:g} and {other:g} frames a second")
    families: set[Family] = {"smplx" if "root_orient" in content else "smpl" for _, content in contents}
    if len(families) != 1:
        raise Unreadable("the two files are of different body models")
    return Estimate(tool="AMASS", tracks=(first, second), family=families.pop(), fps=rate, up=_UP)


def _read(name: str, content: Any) -> tuple[Track, float]:
    if "root_orient" in content:
        pose = numbers_of(content, "pose_body", None, 63)
        rotations = rotations_24(numbers_of(content, "root_orient", len(pose), 3), pose)
    else:
        rotations = rotations_24(numbers_of(content, "poses", None, 156)[:, :66])
    n = len(rotations)
    rate = float(numbers_of(content, next(key for key in _RATES if key in content)))
    person = track(
        name, np.arange(n), rotations, numbers_of(content, "trans", n, 3), numbers_of(content, "betas", None)
    )
    return person, rate
