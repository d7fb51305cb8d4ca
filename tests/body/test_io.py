import numpy as np
import pytest

from experiments.lib.random_body import random_arrays
from sm_jax.body import skeleton
from sm_jax.body.io import PACKAGED, fit_volumes, load_body, read_body, volumes_path
from sm_jax.errors import UserError


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_bodies_stand_upright_in_metres(name):
    body = load_body(name)
    left, right = (
        np.asarray(body.joint_template)[skeleton.JOINTS.index(f"{side}_wrist")] for side in ("left", "right")
    )
    assert left[0] > 0.5 and right[0] < -0.5
    assert 1.6 < np.ptp(np.asarray(body.v_template)[:, 1]) < 2.0
    np.testing.assert_allclose(np.asarray(body.weights).sum(1), 1, atol=1e-5)
    assert body.shapedirs.shape[2] == 10


def test_betas_are_trimmed(tmp_path):
    np.savez(tmp_path / "body.npz", **random_arrays(N=12))
    assert load_body(tmp_path / "body.npz").shapedirs.shape[2] == 10
    assert load_body(tmp_path / "body.npz", betas=300).shapedirs.shape[2] == 12


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UserError, match="open-low"):
        load_body("open-lo")


def test_no_shape_component_is_no_body():
    with pytest.raises(UserError, match="at least one shape component, not 0"):
        load_body("open-low", betas=0)


@pytest.mark.parametrize("betas", (10, 4))
def test_the_volumes_that_ship_are_those_that_would_be_fitted(betas):
    body = load_body("open-low", betas=betas)
    arrays = read_body(volumes_path("open-low").with_name(PACKAGED["open-low"]))
    fitted = fit_volumes(arrays | {"shapedirs": arrays["shapedirs"][..., :betas]})
    for volume, fields in zip((body.capsules, body.distance_field), fitted, strict=True):
        for name, value in fields.items():
            np.testing.assert_allclose(getattr(volume, name), value, atol=1e-5, err_msg=name)
