import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.data.augment import Take
from sm_jax.motion.normalise import denormalise
from sm_jax.motion.state import PELVIS
from sm_jax.train.examples import arrange, drop_partner, early_end, lose_estimate
from tests.motion.motions import front_camera, random_motion
from tests.motion.motions import observe as seen_whole
from tests.train.small_run import BATCH, FRAMES, examples, observe, windows, world


def test_shapes_and_finite():
    example = examples()
    assert example.x0.shape == example.conditions.estimate.shape == (BATCH, 2, FRAMES, 151)
    assert example.rest_joints.shape == (BATCH, 2, 24, 3)
    np.testing.assert_allclose(smpl.rest_joints(world().body, example.betas), example.rest_joints, atol=1e-6)
    assert all(bool(jnp.isfinite(x).all()) for x in jax.tree.leaves(example))


def test_truth_stands_in_the_estimates_pair_frame():
    """Placement errs, so truth is not centred, but it faces the partner and stands on the floor of the estimate."""
    pelvis = denormalise(examples().x0, world().statistics)[..., PELVIS]
    estimate = denormalise(examples().conditions.estimate, world().statistics)[..., PELVIS]
    assert float(jnp.median(estimate[..., 0])) < 0.0  # each is behind the origin, in the own view
    assert float(jnp.abs(pelvis - estimate).mean()) < 1.0 and float(jnp.abs(pelvis - estimate).max()) > 1e-3


def test_an_example_follows_from_its_number_alone():
    raw = windows(0)
    turned = jax.tree.map(lambda x: x[::-1], raw)
    np.testing.assert_allclose(observe(turned).x0[::-1], examples().x0, atol=1e-6)
    other = observe(dataclasses.replace(raw, number=raw.number + 100))
    assert float(jnp.abs(other.x0 - examples().x0).max()) > 1e-3


def test_people_are_arranged_only_where_it_is_asked_for():
    motion, body = random_motion(frames=8), world().body
    run = jax.jit(jax.vmap(arrange, (None, None, 0, 0, None)))
    made = jax.device_get(run(jax.random.key(0), motion, np.array([0, 1, 1]) > 0, np.array([0, 0, 1]) > 0, body))
    as_it_was = [np.allclose(x, y, atol=1e-6) for name in ("body_pose", "pelvis", "global_orient") for x, y in
                 [(getattr(made, name)[0], getattr(motion, name))]]  # fmt: skip
    assert all(as_it_was)
    np.testing.assert_allclose(made.body_pose[1], motion.body_pose, atol=1e-6)
    assert np.abs(made.body_pose[2] - motion.body_pose).max() > 0.1
    gap = np.linalg.norm(made.pelvis[:, 0, :, :2] - made.pelvis[:, 1, :, :2], axis=-1).min(axis=1)
    assert gap[1:].min() > 0.45 and np.abs(gap[1:] - gap[0]).max() > 0.05


def take(present=(1.0, 1.0)):
    contacts = jax.tree.map(lambda x: jnp.asarray(x[0]), windows(0).contacts)
    return Take(motion=jax.tree.map(jnp.asarray, random_motion()), present=jnp.array(present), contacts=contacts)


def dropped(given, share):
    keys = jax.random.split(jax.random.key(0), 200)
    return jax.jit(jax.vmap(lambda key: drop_partner(key, given, share)))(keys)


def test_one_of_two_people_is_taken_away_in_a_share_of_cases():
    found = dropped(take(), 0.3)
    gone = np.asarray(found.present) == 0
    assert 0.2 < gone.any(axis=1).mean() < 0.4 and not gone.all(axis=1).any()
    assert 0.3 < gone[:, 0].sum() / gone.sum() < 0.7
    one = int(np.flatnonzero(gone[:, 0])[0])  # a copy of who is left, aside: nothing of who is gone
    np.testing.assert_array_equal(found.motion.body_pose[one, 0], take().motion.body_pose[1])
    np.testing.assert_allclose(found.motion.pelvis[one, 0] - found.motion.pelvis[one, 1], [[1.0, 0, 0]] * 12, atol=1e-6)


def test_the_only_person_stays():
    assert (np.asarray(dropped(take((0.0, 1.0)), 1.0).present) == [0.0, 1.0]).all()
    assert (np.asarray(dropped(take(), 0.0).present) == 1.0).all()


def test_windows_end_early_in_a_share_of_cases_down_to_one_frame():
    keys = jax.random.split(jax.random.key(0), 500)
    lengths = np.asarray(jax.vmap(lambda key: early_end(key, 64, 0.5))(keys)).sum(axis=1)
    assert 0.4 < (lengths < 64).mean() < 0.6 and lengths.min() <= 2
    assert 0.3 < (lengths[lengths < 64] <= 8).mean() < 0.7
    assert (np.asarray(early_end(keys[0], 64, 0.0)) == 1.0).all()


def test_a_lost_estimate_leaves_the_keypoints():
    seen = seen_whole(random_motion(), front_camera(12), np.full((2, 12, 23, 2), 7.0, np.float32))
    keys = jax.random.split(jax.random.key(0), 300)
    run = jax.jit(jax.vmap(lambda key: lose_estimate(key, seen, 0.4)))
    found = jax.device_get(run(keys))
    shown = found.visibility
    np.testing.assert_array_equal(shown, shown[..., :1].repeat(24, axis=-1))  # every joint, or none
    lost = (shown[..., 0] == 0).sum(axis=-1)
    assert 0.3 < (lost > 0).mean() < 0.5 and lost.max() == 12 and lost[lost > 0].min() <= 2
    assert 0.05 < (lost > 0).all(axis=1).mean() < 0.3  # one is lost without the other
    np.testing.assert_array_equal(found.keypoint_confidence, np.asarray(seen.keypoint_confidence)[None].repeat(300, 0))
    np.testing.assert_array_equal(found.keypoints, np.asarray(seen.keypoints)[None].repeat(300, 0))


def test_the_size_of_errors_is_told():
    told = examples().conditions.error_scale
    assert told.shape == (BATCH, 2) and float(jnp.std(told)) > 0
