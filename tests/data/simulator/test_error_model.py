import numpy as np

from sm_jax.body.skeleton import JOINTS
from sm_jax.data.simulator.error_model import BoneErrors, ErrorModel


def test_bones_are_found_by_the_names_of_their_joints():
    names = ("trunk", "head", "collar", "hip", "knee", "ankle", "shoulder", "elbow", "wrist", "tip")
    degrees = np.degrees(BoneErrors(**{name: float(i + 1) for i, name in enumerate(names)}).by_joint())
    expected = {"pelvis": 1, "spine3": 1, "neck": 2, "head": 2, "left_knee": 5, "right_wrist": 9, "left_foot": 10}
    for name, value in expected.items():
        np.testing.assert_allclose(degrees[JOINTS.index(name)], value, rtol=1e-5)


def test_depth_is_what_is_known_least():
    rotation = ErrorModel().rotation
    limbs = [JOINTS.index(f"left_{name}") for name in ("hip", "knee", "shoulder", "elbow")]
    assert (rotation.depth.by_joint() > 2 * rotation.plane.by_joint())[np.array(limbs)].all()
