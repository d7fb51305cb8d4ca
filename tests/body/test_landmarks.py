import numpy as np
import pytest

from sm_jax.body import skeleton
from sm_jax.body.assets import PACKAGED, load_body


@pytest.mark.parametrize("name", PACKAGED)
def test_landmarks_lie_where_anatomy_has_them(name):
    at: dict[str, np.ndarray] = dict(
        zip(skeleton.KEYPOINTS, np.asarray(load_body(name).keypoint_template), strict=True)
    )
    assert abs(at["nose"][0]) < 0.005
    for part in ("eye", "ear", "heel", "toe"):
        mirrored = at[f"right_{part}"] * [-1, 1, 1]
        np.testing.assert_allclose(at[f"left_{part}"], mirrored, atol=0.006)
    assert 0.05 < at["left_eye"][0] - at["right_eye"][0] < 0.075
    assert at["nose"][1] < at["left_eye"][1] and at["nose"][2] > at["left_eye"][2] > at["left_ear"][2]
    assert 0.2 < at["left_toe"][2] - at["left_heel"][2] < 0.32
    assert abs(at["left_toe"][0]) < abs(at["left_heel"][0])
