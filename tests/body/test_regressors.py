import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import regressors, skeleton, smpl
from sm_jax.body.io import PACKAGED, load_body
from sm_jax.body.regressors import COCO, H36M, HALPE, LSP
from sm_jax.errors import UserError
from tests.body.models import random_motion


@pytest.fixture(scope="module")
def body() -> smpl.Body:
    return load_body("open-low")


@pytest.fixture(scope="module")
def h36m(body) -> np.ndarray:
    """A regressor of the right kind: means of the vertices nearest to each derived joint."""
    at = np.asarray(regressors.derive(body, H36M).template)
    distance = np.linalg.norm(np.asarray(body.v_template)[None] - at[:, None], axis=-1)
    nearest = distance <= np.sort(distance, axis=1)[:, 20:21]
    return (nearest / nearest.sum(axis=1, keepdims=True)).astype(np.float32)


def test_orders_are_the_published_ones():
    # SPIN `constants.py`, H36M_TO_J14, whose regressor has the left leg first; METRO and others have the right one
    left_first = [H36M[i] for i in (0, 4, 5, 6, 1, 2, 3, *range(7, 17))]
    assert [left_first.index(name) for name in LSP] == [6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10]
    assert [H36M.index(name) for name in LSP] == [3, 2, 1, 4, 5, 6, 16, 15, 14, 11, 12, 13, 8, 10]
    # HumanInteraction `utils/eval_utils.py`, halpe2lsp; its root is the mean of joints 2 and 3
    assert [HALPE.index(name) for name in LSP] == [16, 14, 12, 11, 13, 15, 10, 8, 6, 5, 7, 9, 18, 17]
    assert LSP[2:4] == ("right_hip", "left_hip")
    assert (len(LSP), len(H36M), len(COCO), len(HALPE)) == (14, 17, 17, 26)
    assert all(len(set(names)) == len(names) for names in (LSP, H36M, COCO, HALPE))


@pytest.mark.parametrize("left_first", [False, True])
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_file_with_either_leg_first_comes_with_left_on_the_left(tmp_path, body, h36m, left_first, suffix):
    content = h36m[[0, 4, 5, 6, 1, 2, 3, *range(7, 17)]] if left_first else h36m
    path = tmp_path / f"J_regressor_h36m{suffix}"
    (np.save if suffix == ".npy" else np.savez)(path, content)
    found = regressors.read_regressor(path, H36M, body)
    np.testing.assert_array_equal(found.weights, h36m)
    joints = regressors.regress(regressors.select(found, LSP), body.v_template)
    at: dict[str, np.ndarray] = dict(zip(LSP, np.asarray(joints), strict=True))
    assert all(at[f"left_{part}"][0] > at[f"right_{part}"][0] for part in ("hip", "knee", "ankle", "wrist"))
    np.testing.assert_allclose(
        joints, h36m[[3, 2, 1, 4, 5, 6, 16, 15, 14, 11, 12, 13, 8, 10]] @ body.v_template, atol=1e-6
    )


def test_regressing_moves_with_the_vertices(body, h36m):
    regressor = regressors.Regressor(names=H36M, weights=jnp.asarray(h36m))
    vertices = jax.random.normal(jax.random.key(0), (2, 3, h36m.shape[1], 3))
    joints = jax.jit(regressors.regress)(regressor, vertices)
    assert joints.shape == (2, 3, 17, 3)
    np.testing.assert_allclose(regressors.regress(regressor, 2 * vertices + 1), 2 * joints + 1, atol=1e-5)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (np.full((17, 100), 0.01), r"has shape \(17, 100\); 17 joints of body 'open-low' take \(17, 1229\)"),
        (np.full((14, 1229), 1 / 1229), r"has shape \(14, 1229\)"),
        (np.zeros((17, 1229)), "do not sum to one"),
        (np.full((17, 1229), np.nan), "do not sum to one"),
        (np.array(["text"]), "of numbers"),
        (b"no array", "damaged"),
        (b"", "damaged"),
        (None, "not found"),
    ],
)
def test_files_that_do_not_fit_get_one_line(tmp_path, body, content, complaint):
    path = tmp_path / "J_regressor.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        np.save(path, content)
    with pytest.raises(UserError, match=complaint) as caught:
        regressors.read_regressor(path, H36M, body)
    assert "J_regressor.npy" in str(caught.value) and "\n" not in str(caught.value)


def test_an_npz_of_several_arrays_is_not_guessed_from(tmp_path, body):
    np.savez(tmp_path / "two.npz", a=np.zeros(2), b=np.zeros(3))
    with pytest.raises(UserError, match="holds 2 arrays"):
        regressors.read_regressor(tmp_path / "two.npz", H36M, body)


@pytest.mark.parametrize("names", [COCO, skeleton.KEYPOINTS])
def test_coco_is_what_the_body_calls_keypoints(body, names):
    posed = jax.jit(smpl.pose)(body, random_motion())
    found = regressors.posed_joints(regressors.derive(body, names), posed)
    np.testing.assert_allclose(found, smpl.keypoints(body, posed)[..., : len(names), :], atol=1e-6)


def test_derived_joints_are_smpls_where_they_share_a_name(body):
    posed = jax.jit(smpl.pose)(body, random_motion())
    found = regressors.posed_joints(regressors.derive(body, H36M), posed)
    for i, name in enumerate(H36M):
        if name in skeleton.JOINTS:
            np.testing.assert_allclose(found[..., i, :], posed.joints[..., skeleton.JOINTS.index(name), :], atol=1e-6)


@pytest.mark.parametrize("name", PACKAGED)
def test_derived_joints_lie_where_anatomy_has_them(name):
    derived = regressors.derive(load_body(name), H36M)
    at: dict[str, np.ndarray] = dict(zip(H36M, np.asarray(derived.template), strict=True))
    for chain in (("left_ankle", "left_knee", "left_hip"), ("pelvis", "spine", "neck", "nose", "head_top")):
        assert all(at[a][1] < at[b][1] for a, b in itertools.pairwise(chain))
    trunk = (at["spine"][1] - at["pelvis"][1]) / (at["neck"][1] - at["pelvis"][1])
    assert trunk == pytest.approx(0.5)  # Human3.6M: 23 cm below it, 25 cm above
    assert 0.2 < at["head_top"][1] - at["neck"][1] < 0.35
    np.testing.assert_allclose(at["left_hip"], at["right_hip"] * [-1, 1, 1], atol=0.01)


def test_the_top_of_the_head_rides_on_the_head(body):
    motion = random_motion()
    derived = regressors.derive(body, LSP)

    @jax.jit
    def both(body, motion):
        posed = smpl.pose(body, motion)
        return regressors.posed_joints(derived, posed)[..., LSP.index("head_top"), :], smpl.vertices(body, posed)

    top, vertices = both(body, motion)
    index = int(np.argmax(np.asarray(body.v_template)[:, 1]))
    np.testing.assert_allclose(top, vertices[..., index, :], atol=5e-3)


def test_what_has_no_source_is_said(body):
    with pytest.raises(UserError, match="'left_small_toe' cannot be derived"):
        regressors.derive(body, HALPE)
