"""SLAHMR: `*_world_results.npz`.

`trans` [B, T, 3], `root_orient` [B, T, 3], `pose_body` [B, T, 63] axis-angle of SMPL-H, `betas` [B, 16], in the world
of its optimisation, which all people share; `cam_R` [B, T, 3, 3] and `cam_t` [B, T, 3], camera from world, and
`intrins` (fx, fy, cx, cy). Source: vye16/slahmr, `optim/output.py`. Where a person was not tracked, SLAHMR's own prior
has filled the motion in; the file does not say where.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sm_jax.perception.importers.estimate import Estimate, SourceCamera, numbers_of, rotations_24, track


def matches(content: Any) -> bool:
    """Whether a file's content is SLAHMR's."""
    return isinstance(content, Mapping) and {"root_orient", "pose_body", "cam_R", "intrins"} <= set(content)


def read(content: Any) -> Estimate:
    """All people of the file, in the camera's frame. Raises Unreadable for another layout."""
    pose = numbers_of(content, "pose_body", None, None, 63)
    people, n = pose.shape[:2]
    root, trans = (numbers_of(content, key, people, n, 3) for key in ("root_orient", "trans"))
    betas = numbers_of(content, "betas", people, None)
    R, t = (np.asarray(content[key], np.float64) for key in ("cam_R", "cam_t"))
    R, t = (R[0], t[0]) if R.ndim == 4 else (R, t)  # repeated for each person
    R, t = numbers_of({"cam_R": R}, "cam_R", n, 3, 3), numbers_of({"cam_t": t}, "cam_t", n, 3)
    fx, fy, cx, cy = np.asarray(content["intrins"], np.float64).reshape(-1, 4)[0]
    inverse = R.swapaxes(-1, -2)
    tracks = []
    for person in range(people):
        rotations = rotations_24(root[person], pose[person])
        rotations[:, 0] = R @ rotations[:, 0]
        place = (R @ trans[person][..., None])[..., 0] + t
        tracks.append(track(person, np.arange(n), rotations, place, betas[person], axes=R))
    return Estimate(
        tool="SLAHMR",
        tracks=tuple(tracks),
        family="smpl",
        image_size=(2 * cx, 2 * cy),
        camera=SourceCamera(
            K=np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]),
            is_real=True,
            R=inverse,
            t=-(inverse @ t[..., None])[..., 0],
        ),
    )
