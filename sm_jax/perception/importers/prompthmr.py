"""PromptHMR's video pipeline: `results.pkl`, written with joblib.

`people` {person: {frames [T], smplx_cam {rotmat [T, 55, 3, 3], shape [T, 10], trans [T, 3]}}}, SMPL-X in the camera's
frame; `camera` {pred_cam_R, pred_cam_T, img_focal, img_center} as TRAM's. Source: yufu-wang/PromptHMR, `pipeline`.

`smplx_world` is left out: what is in the camera's frame, with the camera's path, is the same people before smoothing.
"""

from collections.abc import Mapping
from typing import Any

from sm_jax.assets.arrays import Unreadable
from sm_jax.perception.importers.estimate import Estimate, numbers_of, rotations_24, track
from sm_jax.perception.importers.tram import camera_and_size


def matches(content: Any) -> bool:
    """Whether a file's content is PromptHMR's."""
    return isinstance(content, Mapping) and {"people", "camera"} <= set(content)


def read(content: Any) -> Estimate:
    """All people of the file. Raises Unreadable for another layout."""
    tracks = []
    for name, person in content["people"].items():
        where = f"people.{name}."
        if "smplx_cam" not in person:
            raise Unreadable(f"`{where}smplx_cam` is missing")
        body, where = person["smplx_cam"], f"{where}smplx_cam."
        rotations = numbers_of(body, "rotmat", None, 55, 3, 3, where=where)
        n = len(rotations)
        trans, betas = numbers_of(body, "trans", n, 3, where=where), numbers_of(body, "shape", n, 10, where=where)
        frames = numbers_of(person, "frames", n, where=f"people.{name}.").astype(int)
        tracks.append(track(name, frames, rotations_24(rotations), trans, betas))
    if not tracks:
        raise Unreadable("nobody is in it")
    camera = camera_and_size(content["camera"], "pred_cam_R", "pred_cam_T")
    return Estimate(tool="PromptHMR", tracks=tuple(tracks), family="smplx", **camera)
