"""GVHMR: `hmr4d_results.pt`, written with torch, one person a file. GENMO and GEM write the same under other names.

`smpl_params_incam` {body_pose [T, 63], betas [T, 10], global_orient [T, 3], transl [T, 3]}, axis-angle of SMPL-X in the
camera's frame, and `K_fullimg` [T, 3, 3]. Source: zju3dv/GVHMR, its demonstration program.

`smpl_params_global` is left out: each file has a world of its own, and two people's worlds do not agree.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sm_jax.perception.importers.estimate import Estimate, SourceCamera, numbers_of, rotations_24, track

TOOL, PARAMETERS = "GVHMR", "smpl_params_incam"


def matches(content: Any) -> bool:
    """Whether a file's content is GVHMR's."""
    return isinstance(content, Mapping) and PARAMETERS in content


def read(content: Any) -> Estimate:
    """The one person of the file, from its frame 0 on. Raises Unreadable for another layout."""
    return read_incam(content, TOOL, PARAMETERS)


def read_incam(content: Any, tool: str, key: str) -> Estimate:
    """The one person whose parameters in the camera's frame are under a key."""
    parameters, where = content[key], f"{key}."
    pose = numbers_of(parameters, "body_pose", None, 63, where=where)
    n_frames = len(pose)
    root, trans = (numbers_of(parameters, name, n_frames, 3, where=where) for name in ("global_orient", "transl"))
    betas = numbers_of(parameters, "betas", None, None, where=where)
    K = np.median(numbers_of(content, "K_fullimg", None, 3, 3), axis=0)
    person = track("0", np.arange(n_frames), rotations_24(root, pose), trans, betas)
    return Estimate(
        tool=tool,
        tracks=(person,),
        family="smplx",
        image_size=(2 * K[0, 2], 2 * K[1, 2]),  # the tool puts the principal point into the middle
        camera=SourceCamera(K=K, is_real=True),
    )
