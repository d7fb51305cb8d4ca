import dataclasses

import numpy as np

from experiments.rendering.packing import pack
from sm_jax.data import codec, store
from sm_jax.data.schema import View


def test_what_was_seen_comes_back_rounded_and_what_was_refused_stays(dance, seen, tmp_path):
    views = (View(camera=seen.camera, observation=seen), View(camera=seen.camera))
    pack(tmp_path / "a.npz", [dataclasses.replace(dance, views=views)])
    stored = store.load(tmp_path / "a.npz")
    assert "mocap.cs.cmu.edu" in stored.acknowledgement
    found = codec.decode(stored.records[0])
    first, second = found.views
    assert second.observation is None and first.observation is not None
    np.testing.assert_allclose(first.observation.keypoints, seen.keypoints, atol=1 / 32)
    assert (first.observation.keypoints * 16 % 1 == 0).all()
    np.testing.assert_allclose(first.observation.keypoint_confidence, 0.9, atol=1 / 512)
    np.testing.assert_allclose(second.camera.R, seen.camera.R)
    np.testing.assert_allclose(first.observation.motion.body_pose, dance.motion.body_pose, atol=2e-4)
