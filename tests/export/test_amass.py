"""AMASS files hold what their readers ask for."""

import dataclasses

import numpy as np

from sm_jax.body.rest_pose import as_family
from sm_jax.body.skeleton import SMPL_REST_PELVIS
from sm_jax.export.amass import save_amass
from sm_jax.export.npz import axis_angles


def test_keys_and_values(content, tmp_path):
    paths, on_smpl = save_amass(tmp_path, content), as_family(content.motion, "smpl", content.rest_joints)
    assert [path.name for path in paths] == ["person0_amass.npz", "person1_amass.npz"]
    with np.load(paths[1], allow_pickle=False) as data:
        assert data["poses"].shape == (7, 156) and data["betas"].shape == (16,)
        assert str(data["gender"]) == "neutral" and float(data["mocap_framerate"]) == 25
        np.testing.assert_array_equal(data["poses"][:, :66].reshape(7, 22, 3), axis_angles(on_smpl)[1, :, :22])
        assert not data["poses"][:, 66:].any(), "fingers are straight"
        assert not data["betas"].any(), "an open body's shape is not SMPL's"
        np.testing.assert_allclose(data["trans"] + SMPL_REST_PELVIS, on_smpl.pelvis[1], atol=1e-6)


def test_uneven_frames_keep_their_speed(uneven, tmp_path):
    on_smpl = as_family(uneven.motion, "smpl", uneven.rest_joints)
    with np.load(save_amass(tmp_path, uneven)[1]) as data:
        assert float(data["mocap_framerate"]) == 30 and len(data["poses"]) == len(data["trans"]) == 23
        np.testing.assert_allclose(data["trans"][18] + SMPL_REST_PELVIS, on_smpl.pelvis[1, 3], atol=1e-3)


def test_a_licensed_body_keeps_its_shape(content, tmp_path):
    paths = save_amass(tmp_path, dataclasses.replace(content, body="basicmodel_neutral"))
    with np.load(paths[1]) as data:
        np.testing.assert_array_equal(data["betas"][:10], content.motion.betas[1])
        np.testing.assert_allclose(data["trans"] + content.rest_joints[1, 0], content.motion.pelvis[1], atol=1e-6)
