import pickle
import re
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from experiments.lib.random_body import random_arrays
from sm_jax.body import skeleton
from sm_jax.body.io import load_body, read_body
from sm_jax.errors import UserError
from tests.body import families
from tests.body.models import write_chumpy_pickle


def saved(path, **entries):
    content: dict[str, Any] = random_arrays() | entries
    np.savez(path, **content)
    return path


@pytest.mark.parametrize("N", [10, 300])
@pytest.mark.parametrize("suffix", [".npz", ".pkl"])
def test_versions_differ_in_their_number_of_shapes(tmp_path, N, suffix):
    """SMPL v1.0 has 10 components, v1.1 has 300."""
    path, arrays = tmp_path / f"SMPL_NEUTRAL{suffix}", random_arrays(N=N)
    if suffix == ".npz":
        np.savez(path, **arrays)
    else:
        write_chumpy_pickle(path, arrays)
    np.testing.assert_allclose(read_body(path)["shapedirs"], arrays["shapedirs"], rtol=1e-6)
    assert load_body(path, betas=16).shapedirs.shape[-1] == min(N, 16)


@pytest.mark.parametrize("J", families.PARENTS)
@pytest.mark.parametrize("suffix", [".npz", ".pkl"])
def test_smplh_and_smplx_come_as_bodies_of_24_joints(tmp_path, J, suffix):
    path, file = tmp_path / f"model{suffix}", families.random_file(J, 20)
    # what else such files hold: Python objects, strings, tables of other shapes
    file |= {"joint2num": np.array([{"pelvis": 0}], dtype=object), "bs_type": "lrotmin", "hands_meanl": np.zeros(45)}
    if suffix == ".npz":
        np.savez(path, **file)
    else:
        path.write_bytes(pickle.dumps(file))
    arrays = read_body(path)
    assert arrays["weights"].shape == (400, 24) and arrays["J_regressor"].shape == (24, 400)
    assert arrays["posedirs"].shape == (400, 3, 207) and not arrays["posedirs"][..., 189:].any()
    assert set(arrays) == {"v_template", "shapedirs", "posedirs", "J_regressor", "weights", "kintree_table", "f"}


@pytest.mark.parametrize("root", [4294967295, -1])
@pytest.mark.parametrize("dtype", [np.int64, np.float64])
def test_roots_and_number_types_of_all_converters(tmp_path, root, dtype):
    table = np.stack([np.array((root, *skeleton.PARENTS[1:])), np.arange(24)]).astype(dtype)
    arrays = read_body(saved(tmp_path / "body.npz", kintree_table=table, f=random_arrays()["f"].astype(dtype)))
    assert arrays["f"].dtype == np.int32
    assert {arrays[key].dtype for key in ("v_template", "shapedirs", "posedirs", "weights")} == {np.dtype(np.float32)}


@pytest.mark.parametrize("kind", [scipy.sparse.csc_matrix, scipy.sparse.csr_matrix, scipy.sparse.csc_array])
def test_a_sparse_regressor_within_an_npz(tmp_path, kind):
    path = saved(tmp_path / "body.npz", J_regressor=np.array(kind(random_arrays()["J_regressor"]), dtype=object))
    np.testing.assert_allclose(read_body(path)["J_regressor"], random_arrays()["J_regressor"], rtol=1e-6)


def test_a_file_without_pose_blend_shapes(tmp_path):
    arrays = random_arrays()
    del arrays["posedirs"]
    np.savez(tmp_path / "body.npz", **arrays)
    assert "posedirs" not in read_body(tmp_path / "body.npz")


class Hostile:
    def __reduce__(self):
        import os

        return os.system, ("touch /tmp/hostile-npz-ran",)


def other_parent(J: int = 24) -> np.ndarray:
    table = (random_arrays() if J == 24 else families.random_file(J, 10))["kintree_table"].copy()
    table[0, 5] = 1
    return table


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an object": ({"v_template": np.array([{"an": "object"}], dtype=object)}, "`v_template` holds Python objects"),
    "a string": ({"f": np.array("faces")}, "f holds no numbers"),
    "a single object": ({"weights": np.array({"an": "object"}, dtype=object)}, "`weights` holds Python objects"),
    "code": ({"weights": np.array(Hostile(), dtype=object)}, "refused: it wants to load posix.system"),
    "a hand": ({"weights": np.zeros((300, 16))}, r"16 joints; models that can be read: SMPL \(24\), SMPL-H \(52\)"),
    "no axis": ({"weights": np.float64(1)}, "0 joints"),
    "another shape": (
        {"J_regressor": np.zeros((24, 299))},
        r"J_regressor has shape \(24, 299\), SMPL's is \(24, 300\)",
    ),
    "other pose shapes": ({"posedirs": np.zeros((300, 3, 69))}, r"posedirs has shape \(300, 3, 69\)"),
    "flat shapes": ({"shapedirs": np.zeros((900, 10))}, r"shapedirs has shape \(900, 10\)"),
    "a scalar template": ({"v_template": np.float64(0)}, "v_template has shape"),
    "half a family": ({"weights": np.zeros((300, 52))}, r"SMPL-H's is \(52, 300\)"),
    "another tree": ({"kintree_table": other_parent()}, "another joint tree than SMPL,"),
    "other numbers of joints": ({"kintree_table": random_arrays()["kintree_table"][::-1]}, "another joint tree"),
    "half a tree": ({"kintree_table": random_arrays()["kintree_table"][:1]}, "kintree_table has shape"),
    "nan": ({"v_template": np.full((300, 3), np.nan)}, "v_template holds numbers that are not finite"),
    "infinite shapes": ({"shapedirs": np.full((300, 3, 10), np.inf)}, "shapedirs holds numbers that are not finite"),
    "faces out of range": ({"f": np.full((5, 3), 300)}, "faces do not index the 300 vertices"),
    "faces below": ({"f": np.full((5, 3), -1)}, "faces do not index"),
    "no faces": ({"f": np.zeros((0, 3))}, "faces do not index"),
    "no weights": ({"weights": np.zeros((300, 24))}, "weights do not sum to one"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_files_get_one_line_that_names_what_is_wrong(tmp_path, case):
    entries, complaint = WRONG[case]
    path = saved(tmp_path / "body.npz", **entries)
    with pytest.raises(UserError, match=complaint) as caught:
        read_body(path)
    assert "body.npz" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["v_template", "shapedirs", "J_regressor", "weights", "kintree_table", "f"])
def test_what_is_missing_is_named(tmp_path, key):
    arrays = random_arrays()
    del arrays[key]
    np.savez(tmp_path / "body.npz", **arrays)
    with pytest.raises(UserError, match=rf"lacks {key}: a model of the SMPL family"):
        read_body(tmp_path / "body.npz")


def test_expressions_that_cannot_be_told_from_shape_are_not_guessed(tmp_path):
    np.savez(tmp_path / "body.npz", **families.random_file(55, 50))
    with pytest.raises(UserError, match="of its 50 shapedirs it is not known"):
        read_body(tmp_path / "body.npz")


def test_a_foreign_tree_of_as_many_joints_is_refused(tmp_path):
    file: dict[str, Any] = families.random_file(52, 10) | {"kintree_table": other_parent(52)}
    np.savez(tmp_path / "body.npz", **file)
    with pytest.raises(UserError, match="another joint tree than SMPL-H"):
        read_body(tmp_path / "body.npz")


@pytest.mark.parametrize("length", [0, 10, 1000, -100])
def test_a_cut_file_is_damaged(tmp_path, length):
    path = saved(tmp_path / "body.npz")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(UserError, match=re.escape(f"{path} is damaged")) as caught:
        read_body(path)
    assert "\n" not in str(caught.value)


DEGENERATE: dict[str, dict[str, Any]] = {
    "in one place": {"v_template": np.zeros((64, 3))},
    "huge": {"v_template": np.full((64, 3), 1e30)},
    "on one joint": {"weights": np.eye(24)[np.zeros(64, int)]},
    "of negative weights": {"weights": np.where(np.arange(24) == 0, 24.0, -1.0)[None].repeat(64, 0)},
    "without shape": {"shapedirs": np.zeros((64, 3, 0))},
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_a_body_that_is_none_is_refused(tmp_path, case):
    np.savez(tmp_path / "body.npz", **random_arrays(V=64, N=3) | DEGENERATE[case])
    with pytest.raises(UserError, match="get it again") as caught:
        load_body(tmp_path / "body.npz")
    assert "\n" not in str(caught.value)
