"""The licensed files themselves, where the user has them: SM_JAX_SMPL_DIR names a folder with any of them."""

import os
import pathlib

import numpy as np
import pytest

from sm_jax.body import skeleton
from sm_jax.body.io import load_body, read_body

FOLDER = os.environ.get("SM_JAX_SMPL_DIR", "")
FILES = sorted(
    path
    for path in (pathlib.Path(FOLDER).rglob("*") if FOLDER else ())
    if path.suffix in (".npz", ".pkl") and "smpl" in str(path.relative_to(FOLDER)).lower()
)


@pytest.mark.parametrize("path", FILES or [None], ids=lambda path: path.name if path else "none")
def test_a_licensed_file_is_an_upright_adult(path):
    if not FOLDER:
        pytest.skip("SM_JAX_SMPL_DIR names no folder with SMPL, SMPL-H or SMPL-X files (they are licensed)")
    assert path, f"no SMPL file in {FOLDER}"
    body = load_body(path)
    at: dict[str, np.ndarray] = dict(zip(skeleton.KEYPOINTS, np.asarray(body.keypoint_template), strict=True))
    joints: dict[str, np.ndarray] = dict(zip(skeleton.JOINTS, np.asarray(body.joint_template), strict=True))
    assert 1.5 < np.ptp(np.asarray(body.v_template)[:, 1]) < 2.0
    assert "posedirs" in read_body(path) and body.shapedirs.shape[-1] == 10
    for part in ("eye", "ear", "heel", "toe", "hand"):
        np.testing.assert_allclose(at[f"left_{part}"], at[f"right_{part}"] * [-1, 1, 1], atol=0.02)
        assert at[f"left_{part}"][0] > 0.02
    assert at["nose"][2] > at["left_eye"][2] > at["left_ear"][2] and at["left_toe"][2] > at["left_heel"][2] + 0.15
    assert 0.05 < np.linalg.norm(joints["left_hand"] - joints["left_wrist"]) < 0.15
