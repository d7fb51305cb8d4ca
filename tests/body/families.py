"""Random SMPL-H and SMPL-X files with the right names and shapes, and their formula in plain NumPy."""

from typing import Any

import numpy as np

from sm_jax.body import skeleton
from sm_jax.body.smplx_to_smpl import parents

PARENTS: dict[int, tuple[int, ...]] = {
    # written out, not computed: the body's 22, jaw and eyes, then each hand's five fingers of three joints
    52: (*skeleton.PARENTS[:22], *(20, 22, 23, 20, 25, 26, 20, 28, 29, 20, 31, 32, 20, 34, 35),
         *(21, 37, 38, 21, 40, 41, 21, 43, 44, 21, 46, 47, 21, 49, 50)),
    55: (*skeleton.PARENTS[:22], 15, 15, 15, *(20, 25, 26, 20, 28, 29, 20, 31, 32, 20, 34, 35, 20, 37, 38),
         *(21, 40, 41, 21, 43, 44, 21, 46, 47, 21, 49, 50, 21, 52, 53)),
}  # fmt: skip


def random_file(J: int, N: int, V: int = 400) -> dict[str, Any]:
    r = np.random.default_rng(J)
    weights, regressor = np.zeros((V, J)), np.zeros((J, V))
    for v in range(V):
        weights[v, [v % J, (v + 5) % J, (v + 11) % J]] = 0.6, 0.3, 0.1
    for j in range(J):
        regressor[j, r.choice(V, 30, replace=False)] = r.dirichlet(np.ones(30))
    return {
        "v_template": r.normal(size=(V, 3)) * 0.3,
        "shapedirs": r.normal(size=(V, 3, N)) * 0.01,
        "posedirs": r.normal(size=(V, 3, 9 * (J - 1))) * 0.001,
        "J_regressor": regressor,
        "weights": weights,
        "kintree_table": np.stack([np.array((4294967295, *parents(J)[1:])), np.arange(J)]).astype(np.uint32),
        "f": r.integers(0, V, (100, 3)).astype(np.uint32),
    }


def posed(
    file: dict[str, Any], body_rotations: np.ndarray, betas: np.ndarray, pelvis: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Vertices [V, 3] and joints [J, 3]: the models' own formula over all joints, those beyond the body's at identity.

    body_rotations: [22, 3, 3], the first one global.
    """
    J = file["weights"].shape[1]
    rotations = np.concatenate([body_rotations, np.broadcast_to(np.eye(3), (J - 22, 3, 3))])
    shaped = file["v_template"] + file["shapedirs"][..., : len(betas)] @ betas
    rest = file["J_regressor"] @ shaped
    vertices = shaped + file["posedirs"] @ (rotations[1:] - np.eye(3)).ravel()
    transforms = np.zeros((J, 4, 4))
    for j, parent in enumerate(PARENTS[J]):
        local = np.eye(4)
        local[:3, :3], local[:3, 3] = rotations[j], rest[j] - (rest[parent] if j else 0)
        transforms[j] = transforms[parent] @ local if j else local
    joints = transforms[:, :3, 3].copy()
    transforms[:, :3, 3] -= np.einsum("jab,jb->ja", transforms[:, :3, :3], rest)
    blended = np.einsum("vj,jab->vab", file["weights"], transforms)
    vertices = np.einsum("vab,vb->va", blended[:, :3, :3], vertices) + blended[:, :3, 3]
    return vertices + pelvis - joints[0], joints + pelvis - joints[0]
