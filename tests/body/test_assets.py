from typing import Any

import numpy as np
import pytest

from sm_jax.body import skeleton
from sm_jax.body.assets import PACKAGED, load_body
from sm_jax.errors import UserError
from tests.body.models import random_arrays


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_bodies_stand_upright_in_metres(name):
    body = load_body(name)
    left, right = (
        np.asarray(body.joint_template)[skeleton.JOINTS.index(f"{side}_wrist")] for side in ("left", "right")
    )
    assert left[0] > 0.5 and right[0] < -0.5
    assert 1.6 < np.ptp(np.asarray(body.v_template)[:, 1]) < 2.0
    np.testing.assert_allclose(np.asarray(body.weights).sum(1), 1, atol=1e-5)
    assert body.posedirs is None and body.shapedirs.shape[2] == 10


def test_betas_are_trimmed(tmp_path):
    np.savez(tmp_path / "body.npz", **random_arrays(N=12))
    assert load_body(tmp_path / "body.npz").shapedirs.shape[2] == 10
    assert load_body(tmp_path / "body.npz", betas=300).shapedirs.shape[2] == 12


def changed(entries: dict[str, Any]) -> dict[str, Any]:
    return random_arrays() | entries


def test_bad_npz_files_get_one_line(tmp_path):
    path = tmp_path / "body.npz"
    np.savez(path, **random_arrays())
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match="damaged"):
        load_body(path)
    np.savez(path, **changed({"v_template": np.array([{"an": "object"}], dtype=object)}))
    with pytest.raises(UserError, match="Python objects"):
        load_body(path)
    np.savez(path, **changed({"weights": np.zeros((300, 52))}))
    with pytest.raises(UserError, match="weights has shape"):
        load_body(path)
    table = random_arrays()["kintree_table"].copy()
    table[0, 5] = 1
    np.savez(path, **changed({"kintree_table": table}))
    with pytest.raises(UserError, match="joint tree"):
        load_body(path)
    np.savez(path, **changed({"v_template": np.full((300, 3), np.nan)}))
    with pytest.raises(UserError, match="not finite"):
        load_body(path)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UserError, match="open-low"):
        load_body("open-lo")
