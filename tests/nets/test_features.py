import jax.numpy as jnp
import numpy as np

from sm_jax.motion.state import FOOT_CONTACT, ORIENT, PELVIS, POSE, D
from sm_jax.nets.layers import FEATURE_JOINTS, feature_visibility, person_frames
from tests.nets.conditions import random_conditions


def test_every_feature_has_its_joint():
    visible = np.asarray(feature_visibility(jnp.arange(24.0)))
    assert visible.shape == (D,) == FEATURE_JOINTS.shape
    assert set(visible[ORIENT]) == set(visible[PELVIS]) == {0.0}
    np.testing.assert_array_equal(visible[POSE].reshape(23, 6), np.repeat(np.arange(1, 24)[:, None], 6, 1))
    np.testing.assert_array_equal(visible[FOOT_CONTACT], [7, 8, 10, 11])


def test_the_mask_token_replaces_what_is_hidden():
    conditions = random_conditions(batch=1, frames=2)
    token = jnp.arange(D, dtype=jnp.float32)
    features = person_frames(conditions.estimate, conditions, token)
    assert features.shape == (1, 2, 2, 3 * D + 24 + 92 + 9 + 72)
    visible = feature_visibility(conditions.visibility)
    expected = visible * conditions.estimate + (1 - visible) * token[None, None, None]
    np.testing.assert_allclose(features[..., 2 * D : 3 * D], expected, rtol=1e-6)
