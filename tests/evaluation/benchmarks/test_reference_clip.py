import numpy as np

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.evaluation.benchmarks.reference_clip import load_clip


def test_joints_body_and_cameras_fit_together():
    clip, body = load_clip(), load_body("open-low")
    assert clip.joints.shape == (2, 50, 17, 3) and clip.cameras.K.shape == (4, 3, 3) and clip.distortion.shape == (4, 4)
    fitted = np.asarray(smpl.keypoints(body, smpl.pose(body, clip.motion)))[:, :, 5:17]
    assert np.median(np.linalg.norm(fitted - clip.joints[:, :, 5:], axis=-1)) < 0.06
    assert clip.camera(2).R.shape == (50, 3, 3)
