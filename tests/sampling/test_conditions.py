import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.geometry.camera import project_points
from sm_jax.motion import normalise, pair_frame, state
from sm_jax.sampling.conditions import ACROSS, DEPTH, make_conditions
from sm_jax.types import Observation, TextEmbedding
from tests.motion.motions import front_camera, observe, random_motion, swap_people

BODY = load_body("open-low")
UNIT = normalise.Statistics(mean=np.zeros(state.D, np.float32), std=np.ones(state.D, np.float32))
NO_TEXT = TextEmbedding(tokens=jnp.zeros((32, 384)), mask=jnp.zeros(32), pooled=jnp.zeros(384))
make = jax.jit(make_conditions)


def observed(motion) -> Observation:
    camera = front_camera()
    pixels, _ = project_points(camera, smpl.keypoints(BODY, smpl.pose(BODY, motion)))
    return observe(motion, camera, pixels)


def test_a_perfect_observation_has_no_residual():
    conditions, _, estimate = make(observed(random_motion()), BODY, UNIT, NO_TEXT)
    np.testing.assert_allclose(conditions.evidence[..., :3], 0.0, atol=1e-3)
    np.testing.assert_allclose(estimate.pelvis, random_motion().pelvis)


def test_swapping_people_swaps_every_entry():
    seen = observed(random_motion())
    swapped = dataclasses.replace(
        seen,
        keypoints=seen.keypoints[::-1] + 3.0,
        motion=swap_people(seen.motion),
    )
    seen = dataclasses.replace(seen, keypoints=seen.keypoints + 3.0)
    a, _, _ = make(seen, BODY, UNIT, NO_TEXT)
    b, _, _ = make(swapped, BODY, UNIT, NO_TEXT)
    for name in ("estimate", "visibility", "evidence", "camera", "placement", "rest_joints"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name)[::-1], atol=1e-4, err_msg=name)


def test_a_keypoint_above_the_estimate_pulls_up():
    seen = observed(random_motion())
    seen = dataclasses.replace(seen, keypoints=seen.keypoints + jnp.array([0.0, -30.0])[None, None, None])
    conditions, _, _ = make(seen, BODY, UNIT, NO_TEXT)
    assert float(conditions.evidence[..., 2].min()) > 0.1


def test_padding_is_zero():
    seen = dataclasses.replace(observed(random_motion()), frame_mask=jnp.ones(12).at[8:].set(0.0))
    conditions, _, _ = make(seen, BODY, UNIT, NO_TEXT)
    for name in ("estimate", "visibility", "evidence", "camera", "placement"):
        assert float(jnp.abs(getattr(conditions, name)[:, 8:]).max()) == 0.0, name


def test_placement_moves_the_pelvis_across_the_picture_and_along_the_ray():
    seen = observed(random_motion())
    conditions, frame, estimate = make(seen, BODY, UNIT, NO_TEXT)
    pixels, depth = project_points(seen.camera, estimate.pelvis[:, :, None])
    for column, expected in enumerate(([1.0, 0.0], [0.0, 1.0], [0.0, 0.0])):
        step = jnp.einsum("pji,ptj->pti", pair_frame.own_view(frame), conditions.placement[..., column])
        moved, deeper = project_points(seen.camera, (estimate.pelvis + 0.1 * step)[:, :, None])
        change = np.asarray(moved - pixels)[:, :, 0]
        if column == 2:
            assert np.abs(change).max() < 0.05
            np.testing.assert_allclose(deeper / depth, 1 + 0.1 * DEPTH, rtol=1e-4)
        else:
            direction = change / np.linalg.norm(change, axis=-1, keepdims=True)
            assert (direction @ np.array(expected) > 0.9).all()
            np.testing.assert_allclose(np.linalg.norm(step, axis=-1), ACROSS, rtol=1e-4)
