import jax
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.data import placement
from tests.motion.motions import random_motion

COUNT, FRAMES = 128, 8
FEET = [10, 11]


@pytest.fixture(scope="module")
def walkers():
    """Two people whose ways cross."""
    motion = random_motion(frames=FRAMES)
    way = np.linspace(-1.0, 1.0, FRAMES, dtype=np.float32)
    pelvis = np.array(motion.pelvis)
    pelvis[0, :, 0], pelvis[1, :, 1] = way, way
    return jax.tree.map(np.asarray, motion.__class__(**{**vars(motion), "pelvis": pelvis}))


def place(walkers):
    keys = jax.random.split(jax.random.key(0), COUNT)
    return jax.device_get(jax.jit(jax.vmap(placement.place, (0, None, None)))(keys, walkers, load_body()))


@pytest.fixture(scope="module")
def placed(walkers):
    return place(walkers)


@pytest.fixture(scope="module")
def joints(placed):
    return np.asarray(smpl.pose(load_body(), placed).joints)


def test_people_come_as_near_as_was_drawn_and_no_nearer(placed):
    gap = np.linalg.norm(placed.pelvis[:, 0, :, :2] - placed.pelvis[:, 1, :, :2], axis=-1).min(axis=1)
    assert gap.min() >= placement.NEAREST - 1e-4
    assert np.percentile(gap, 25) < 2.0 and 3.0 < gap.max() < placement.FARTHEST + 1.0


def test_nothing_of_one_is_in_the_other(joints):
    looked_at = joints[:, :, ::2]
    for a, b, least in (("head", "head", 0.24), ("left_elbow", "spine3", 0.2), ("right_hand", "left_hand", 0.13)):
        i, j = placement.JOINTS.index(a), placement.JOINTS.index(b)
        gap = np.linalg.norm(looked_at[:, 0, :, i] - looked_at[:, 1, :, j], axis=-1)
        assert gap.min() > least, (a, b)


def test_limbs_decide_where_pelvises_would_let_them_in(walkers, placed, monkeypatch):
    """With half-widths of nothing some people come nearer than with theirs."""
    monkeypatch.setattr(placement, "TOGETHER", 0.0 * placement.TOGETHER)
    real, thin = placed.pelvis, place(walkers).pelvis
    gap = lambda x: np.linalg.norm(x[:, 0, :, :2] - x[:, 1, :, :2], axis=-1).min(axis=1)  # noqa: E731
    assert (gap(real) >= gap(thin) - 1e-4).all() and (gap(real) > gap(thin) + 0.05).mean() > 0.02


def test_each_keeps_the_own_way_and_limbs(placed, walkers, joints):
    np.testing.assert_array_equal(placed.body_pose, np.broadcast_to(walkers.body_pose, placed.body_pose.shape))
    steps = lambda x: np.linalg.norm(np.diff(x, axis=-2), axis=-1)  # noqa: E731
    np.testing.assert_allclose(steps(placed.pelvis), np.broadcast_to(steps(walkers.pelvis), (COUNT, 2, FRAMES - 1)),
                               atol=1e-5)  # fmt: skip
    plain = np.asarray(smpl.pose(load_body(), walkers).joints)
    bones = lambda x: np.linalg.norm(x[..., 4, :] - x[..., 1, :], axis=-1)  # noqa: E731
    np.testing.assert_allclose(bones(joints), np.broadcast_to(bones(plain), bones(joints).shape), atol=1e-5)


def test_headings_are_all_and_some_floors_differ(placed, walkers, joints):
    way = placed.pelvis[:, 0, -1] - placed.pelvis[:, 0, 0]
    heading = np.arctan2(way[:, 1], way[:, 0])
    assert (np.histogram(heading, bins=4, range=(-np.pi, np.pi))[0] > COUNT / 8).all()
    plain = np.asarray(smpl.pose(load_body(), walkers).joints)
    raised = (joints - plain[None])[..., 10, 2].mean(axis=-1)
    assert raised.min() > -1e-4 and raised.max() <= placement.STEP
    stepped = raised.max(axis=1) > 1e-3
    assert 0.12 < stepped.mean() < 0.4 and (raised.min(axis=1) < 1e-3).all()
