import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.energies.combine import MEANINGS, EnergyWeights, Evidence, energy
from sm_jax.geometry import camera as cameras
from sm_jax.geometry.rotations import axis_angle_to_matrix
from sm_jax.types import Camera, ContactTargets, Motion
from tests.body.models import rest_motion
from tests.energies.scenes import TERMS, UPRIGHT, scene, widened

T = 5


@pytest.fixture(scope="module")
def body():
    return load_body("open-low")


@pytest.fixture(scope="module")
def standing(body) -> tuple[Motion, Evidence]:
    """Two people who stand still a metre apart with their arms stretched out sideways, seen exactly."""
    height = -jnp.min(body.v_template[:, 1])
    pelvis = jnp.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]) + height * jnp.array([[0.0, 0.0, 1.0]])
    motion = dataclasses.replace(
        rest_motion(T=T),
        global_orient=jnp.broadcast_to(UPRIGHT, (2, T, 3, 3)),
        pelvis=jnp.broadcast_to(pelvis[:, None], (2, T, 3)),
    )
    camera = Camera(
        K=jnp.array([[600.0, 0, 320], [0, 600, 240], [0, 0, 1]]),
        R=jnp.broadcast_to(jnp.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), (T, 3, 3)),
        t=jnp.broadcast_to(jnp.array([0.0, 1.0, 5.0]), (T, 3)),
        image_size=jnp.array([640.0, 480.0]),
    )
    keypoints, _ = cameras.project_points(camera, smpl.keypoints(body, smpl.pose(body, motion)))
    evidence = Evidence(
        keypoints=keypoints,
        keypoint_confidence=jnp.ones(keypoints.shape[:-1]),
        camera=camera,
        contacts=ContactTargets(mask_a=jnp.ones((1, 22)), mask_b=jnp.ones((1, 22)), weight=jnp.zeros((1, T))),
        estimate=motion,
        visibility=jnp.ones((2, T, 24)),
        fps=jnp.array(30.0),
        frame_mask=jnp.ones(T),
    )
    return motion, evidence


run = jax.jit(energy)
STANDING = jnp.ones((2, T, 4))


def test_every_term_is_reported_and_the_truth_costs_nothing(body, standing):
    motion, evidence = standing
    total, report = run(body, motion, STANDING, evidence, weights=EnergyWeights().active())
    assert set(report) == set(TERMS)
    for name, term in report.items():
        assert term.shape == () and term < 1e-4, name
    assert total < 1e-4


def test_total_is_the_weighted_sum(body, standing):
    motion, evidence = standing
    moved = dataclasses.replace(motion, pelvis=motion.pelvis + 0.1, betas=motion.betas + 0.5)
    weights = EnergyWeights(reprojection=2.0, shape=3.0)
    total, report = run(body, moved, STANDING, evidence, weights=weights.active())
    expected = sum(getattr(weights, name) * term for name, term in report.items())
    np.testing.assert_allclose(total, expected, rtol=1e-5)
    assert report["reprojection"] > 0 and report["shape"] > 0


def test_hidden_joints_stay_near_the_prediction_and_seen_ones_near_the_estimate(body, standing):
    motion, evidence = standing
    turn = axis_angle_to_matrix(np.array([0.1, 0.0, 0.0], np.float32))
    moved = dataclasses.replace(motion, global_orient=motion.global_orient @ turn)
    only = dataclasses.replace(EnergyWeights(**dict.fromkeys(TERMS, 0.0)), prior=1.0).active()
    hidden = dataclasses.replace(evidence, visibility=0 * evidence.visibility)
    cost = {
        (name, tied): float(run(body, moved, STANDING, dataclasses.replace(e, prediction=tied_to), only)[0])
        for name, e in (("seen", evidence), ("hidden", hidden))
        for tied, tied_to in (("nothing", None), ("it", moved), ("else", motion))
    }
    assert cost["hidden", "nothing"] == cost["hidden", "it"] == 0 < cost["hidden", "else"]
    assert cost["seen", "nothing"] == cost["seen", "it"] == cost["seen", "else"] > 0


def test_terms_without_weight_are_left_out(body, standing):
    motion, evidence = standing
    weights = dataclasses.replace(EnergyWeights(**dict.fromkeys(TERMS, 0.0)), smoothness=1.0)
    _, report = run(body, motion, STANDING, evidence, weights=weights.active())
    assert set(report) == {"smoothness"}


def test_gradient_of_every_term_through_the_body(body):
    """Along a random direction of pose, place and shape, in float64. The ground follows the feet without gradient."""
    names = sorted(set(TERMS) - {"ground"})
    with jax.enable_x64(True):
        wide_body, (motion, foot_contact, evidence) = widened(body), widened(scene(3))
        rng = np.random.default_rng(1)
        direction = jax.tree.map(lambda x: jnp.asarray(rng.normal(size=x.shape)), motion)

        def along(step: jax.Array) -> jax.Array:
            moved = jax.tree.map(lambda x, d: x + step * d, motion, direction)
            terms = energy(wide_body, moved, foot_contact, evidence, dict.fromkeys(names, 1.0))[1]
            return jnp.stack([terms[name] for name in names])

        @jax.jit
        def slopes(step: jax.Array) -> tuple[jax.Array, jax.Array]:
            before, after = jax.lax.map(along, jnp.stack([-step, step]))
            return jax.jacrev(along)(0.0 * step), (after - before) / (2 * step)

        for name, found, expected in zip(names, *slopes(jnp.asarray(1e-6)), strict=True):
            assert abs(expected) > 1e-3, name
            np.testing.assert_allclose(found, expected, rtol=1e-5, err_msg=name)


def test_bodies_in_the_same_place_have_a_finite_gradient(body, standing):
    motion, evidence = standing
    together = dataclasses.replace(motion, pelvis=jnp.broadcast_to(motion.pelvis[:1], motion.pelvis.shape))
    gradient = jax.jit(jax.grad(lambda m: energy(body, m, STANDING, evidence, EnergyWeights().active())[0]))(together)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


def test_bodies_in_one_another_cost(body, standing):
    motion, evidence = standing
    inside = dataclasses.replace(motion, pelvis=motion.pelvis.at[1, :, 1].set(0.1))
    _, report = run(body, inside, STANDING, evidence, weights=EnergyWeights().active())
    assert report["penetration"] > 0.5


def test_padded_frames_change_nothing(body, standing):
    motion, evidence = standing
    moved = dataclasses.replace(motion, pelvis=motion.pelvis + 0.02)
    mask = evidence.frame_mask.at[3:].set(0.0)
    spoiled = dataclasses.replace(moved, pelvis=moved.pelvis.at[:, 3:].add(jnp.array([3.0, -2.0, 1.0])[None, None]))
    masked = dataclasses.replace(evidence, frame_mask=mask)
    for a, b in zip(
        *(run(body, m, STANDING, masked, weights=EnergyWeights().active())[1].values() for m in (moved, spoiled)),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-7)


def test_every_energy_is_explained():
    assert list(MEANINGS) == [field.name for field in dataclasses.fields(EnergyWeights)]
