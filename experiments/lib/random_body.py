"""Random SMPL files: the right arrays in the right shapes, and no real body in them."""

import pathlib
from typing import Any

import numpy as np

from sm_jax.body import skeleton


def random_arrays(V: int = 300, N: int = 12) -> dict[str, Any]:
    """The arrays of a file with V vertices and N betas, by their names in it."""
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
