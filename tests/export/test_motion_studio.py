"""Motion Studio's own reader opens what we write, and gives back our motion."""

import dataclasses
import json
import zipfile

import numpy as np
import pytest

from sm_jax.body.rest_pose import as_family
from sm_jax.body.skeleton import SMPL_REST_PELVIS
from sm_jax.export.motion_studio import save_motion_studio
from sm_jax.export.npz import axis_angles


def test_what_is_in_the_archive(content, tmp_path):
    save_motion_studio(tmp_path / "people.motion", content)
    with zipfile.ZipFile(tmp_path / "people.motion") as archive:
        assert sorted(archive.namelist()) == ["manifest.json", "motion_original.npz"]
        manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["format"], manifest["version"]) == ("motion-studio", 1)
    assert (manifest["n_persons"], manifest["n_frames"], manifest["fps"]) == (2, 7, 25.0)


def test_its_own_reader_gives_our_motion_back(content, uneven, tmp_path):
    bundle = pytest.importorskip("motion_studio.bundle", reason="motion-studio, which reads .motion, is not installed")
    save_motion_studio(tmp_path / "people.motion", content)
    found = bundle.load_bundle(str(tmp_path / "people.motion"))
    on_smpl = as_family(content.motion, "smpl", content.rest_joints)
    assert found.edited is None and found.original.fps == 25 and found.original.gender == "neutral"
    np.testing.assert_allclose(found.original.poses, axis_angles(on_smpl), atol=1e-6)
    np.testing.assert_allclose(found.original.trans + SMPL_REST_PELVIS, on_smpl.pelvis, atol=1e-5)
    assert found.original.betas is not None and not found.original.betas.any()
    licensed = dataclasses.replace(uneven, body="basicmodel_neutral")
    save_motion_studio(tmp_path / "licensed.motion", licensed)
    found = bundle.load_bundle(str(tmp_path / "licensed.motion")).original
    assert found.fps == 30 and found.poses.shape == (2, 23, 24, 3)
    np.testing.assert_array_equal(found.betas, content.motion.betas)
