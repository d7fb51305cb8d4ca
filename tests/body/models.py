"""SMPL files as the licensed ones are, and random motions."""

import pathlib
import pickle
import sys
import types
from typing import Any

import jax
import jax.numpy as jnp
import scipy.sparse

from sm_jax.geometry import rotations
from sm_jax.types import Motion


def write_chumpy_pickle(path: pathlib.Path, arrays: dict[str, Any]) -> None:
    """As the licensed files are: chumpy shapedirs, a scipy sparse regressor, strings; chumpy itself is not needed."""
    module: Any = types.ModuleType("chumpy.ch")
    module.Ch = type("Ch", (), {"__module__": "chumpy.ch", "__qualname__": "Ch"})
    shapedirs: Any = module.Ch()
    shapedirs.x = arrays["shapedirs"]
    content = arrays | {
        "shapedirs": shapedirs,
        "J_regressor": scipy.sparse.csc_matrix(arrays["J_regressor"]),
        "bs_type": "lrotmin",
    }
    sys.modules |= {"chumpy": types.ModuleType("chumpy"), "chumpy.ch": module}
    try:
        path.write_bytes(pickle.dumps(content, protocol=2))
    finally:
        del sys.modules["chumpy"], sys.modules["chumpy.ch"]


def random_motion(T: int = 3, N: int = 10, scale: float = 0.5, seed: int = 0) -> Motion:
    keys = jax.random.split(jax.random.key(seed), 3)
    R = rotations.axis_angle_to_matrix(scale * jax.random.normal(keys[0], (2, T, 24, 3)))
    return Motion(
        global_orient=R[..., 0, :, :],
        body_pose=R[..., 1:, :, :],
        pelvis=jax.random.normal(keys[1], (2, T, 3)),
        betas=jax.random.normal(keys[2], (2, N)),
    )


def rest_motion(T: int = 2, N: int = 10) -> Motion:
    identity = jnp.broadcast_to(jnp.eye(3), (2, T, 24, 3, 3))
    return Motion(
        global_orient=identity[:, :, 0],
        body_pose=identity[:, :, 1:],
        pelvis=jnp.zeros((2, T, 3)),
        betas=jnp.zeros((2, N)),
    )
