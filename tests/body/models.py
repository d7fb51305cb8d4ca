"""Random SMPL files (right shapes, no real body in them) and random motions."""

import pathlib
import pickle
import sys
import types
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse

from sm_jax.body import skeleton
from sm_jax.geometry import rotations
from sm_jax.types import Motion


def random_arrays(V: int = 300, N: int = 12) -> dict[str, Any]:
    r = np.random.default_rng(0)
    weights, regressor = np.zeros((V, 24)), np.zeros((24, V))
    for v in range(V):
        # four joints move a vertex, as in SMPL; every joint owns some vertices
        weights[v, (v + np.append(0, r.choice(np.arange(1, 24), 3, replace=False))) % 24] = 0.5, 0.3, 0.15, 0.05
    for j in range(24):
        regressor[j, r.choice(V, 30, replace=False)] = r.dirichlet(np.ones(30))
    parents = np.array((4294967295, *skeleton.PARENTS[1:]))
    return {
        "v_template": r.normal(size=(V, 3)) * 0.3,
        "shapedirs": r.normal(size=(V, 3, N)) * 0.01,
        "posedirs": r.normal(size=(V, 3, 207)) * 0.001,
        "J_regressor": regressor,
        "weights": weights,
        "kintree_table": np.stack([parents, np.arange(24)]).astype(np.uint32),
        "f": r.integers(0, V, (100, 3)).astype(np.uint32),
    }


def write_npz(path: pathlib.Path, arrays: dict[str, Any]) -> None:
    """A file in single precision, as other packages want it."""
    single: dict[str, Any] = {k: x.astype(np.float32) if x.dtype == np.float64 else x for k, x in arrays.items()}
    np.savez(path, **single)


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
