import numpy as np
import pytest

from sm_jax.body import skeleton
from sm_jax.body.io import PACKAGED, load_body
from sm_jax.body.surface import KNOWN_VERTICES, VERTEX_KEYPOINTS, keypoint_vertices


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


# `vertex_ids` of github.com/vchoutas/smplx (smplx/vertex_ids.py), under its own names
PUBLISHED = {
    6890: {
        "nose": 332, "reye": 6260, "leye": 2800, "rear": 4071, "lear": 583,
        "LBigToe": 3216, "LHeel": 3387, "RBigToe": 6617, "RHeel": 6787,
    },
    10475: {
        "nose": 9120, "reye": 9929, "leye": 9448, "rear": 616, "lear": 6,
        "LBigToe": 5770, "LHeel": 8846, "RBigToe": 8463, "RHeel": 8635,
    },
}  # fmt: skip
THEIR_NAMES = ("nose", "leye", "reye", "lear", "rear", "LHeel", "RHeel", "LBigToe", "RBigToe")


@pytest.mark.parametrize("V", KNOWN_VERTICES)
def test_known_topologies_use_the_published_vertices(V):
    found = keypoint_vertices(np.zeros((V, 3)), np.zeros((V, 24)))
    assert len(found) == len(VERTEX_KEYPOINTS) == len(THEIR_NAMES)
    assert dict(zip(THEIR_NAMES, found.tolist(), strict=True)) == PUBLISHED[V]
