import jax.numpy as jnp
import numpy as np

from sm_jax.motion.visibility import joint_visibility, segment_distance
from tests.motion.motions import front_camera


def scene(depth):
    """Person 0's joints on a line across x at y = 0; person 1 is one upright capsule at x = 0 and y = depth."""
    joints = jnp.zeros((2, 1, 24, 3)).at[..., 2].set(1.2)
    joints = joints.at[0, 0, :, 0].set(jnp.linspace(-1.0, 1.0, 24)).at[1, 0, :, 1].set(depth)
    start = jnp.zeros((2, 1, 1, 3)).at[1].add(jnp.array([0.0, depth, 0.0])).at[0].add(jnp.array([9.0, 0.0, 0.0]))
    return joints, (start, start + jnp.array([0.0, 0.0, 1.8])[None, None, None], jnp.full((2, 1), 0.15))


def test_a_body_in_front_hides_and_a_body_behind_does_not():
    joints, capsules = scene(depth=-1.0)
    seen = np.asarray(joint_visibility(joints, capsules, front_camera(1)))[0, 0]
    assert seen[11:13].max() < 0.05 and seen[[0, 3, -4, -1]].min() > 0.95
    joints, capsules = scene(depth=1.0)
    assert np.asarray(joint_visibility(joints, capsules, front_camera(1)))[0, 0].min() > 0.95


def test_outside_the_frame_and_behind_the_camera():
    joints = jnp.zeros((2, 1, 24, 3)).at[..., 0].set(9.0).at[1, ..., 0].set(0.0).at[1, ..., 1].set(-20.0)
    capsules = (jnp.full((2, 1, 1, 3), 90.0), jnp.full((2, 1, 1, 3), 91.0), jnp.full((2, 1), 0.1))
    assert float(joint_visibility(joints, capsules, front_camera(1)).max()) < 0.01


def test_segment_distance_against_dense_sampling():
    rng = np.random.default_rng(0)
    p, a, b = (rng.normal(size=(40, 3)).astype(np.float32) for _ in range(3))
    s = np.linspace(0, 1, 201)
    on_p, on_ab = s[None, :, None] * p[:, None], a[:, None] + s[None, :, None] * (b - a)[:, None]
    dense = np.linalg.norm(on_p[:, :, None] - on_ab[:, None], axis=-1).min(axis=(1, 2))
    np.testing.assert_allclose(segment_distance(jnp.asarray(p), jnp.asarray(a), jnp.asarray(b)), dense, atol=2e-2)
