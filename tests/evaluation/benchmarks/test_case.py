import dataclasses

import jax
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from experiments.lib.dances import nearer
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.data import codec
from sm_jax.data.schema import View
from sm_jax.evaluation.benchmarks.case import TrueBodies, in_true_world
from sm_jax.evaluation.benchmarks.frozen import SIMULATED, load
from sm_jax.geometry.camera import to_camera
from sm_jax.motion import state
from sm_jax.motion.frames import map_frames
from sm_jax.types import Camera

T = 32


@pytest.fixture(scope="module")
def scene():
    """People close together (one whispers), whose true world is the observation's."""
    sequence = codec.decode(codec.encode(load(SIMULATED)[-1]), 30, 30 + T)
    return dataclasses.replace(sequence, views=sequence.views[5:6])


@pytest.fixture(scope="module")
def score(scene):
    return TrueBodies(scene, scene.views[0])


def smoothed(x, width=9):
    padded = np.pad(x, [(0, 0), (width // 2, width // 2)] + [(0, 0)] * (x.ndim - 2), "edge")
    return np.mean([padded[:, i : i + x.shape[1]] for i in range(width)], axis=0)


def test_the_truth_is_without_fault(scene, score):
    row = score(scene.motion)
    assert all(value == pytest.approx(0, abs=0.02) for name, value in row.items()
               if name.endswith("_mm") and name != "foot_sliding_mm")  # fmt: skip
    assert row["foot_sliding_mm"] < 10
    assert row["contact_recall_5cm"] == row["contact_precision_5cm"] == 1
    assert row["jitter_over_truth"] == pytest.approx(1, rel=1e-4)
    assert row["peak_wrist_over_truth"] == pytest.approx(1, rel=1e-4)


def test_swapped_people_are_caught(scene, score):
    row = score(jax.tree.map(lambda x: x[::-1], scene.motion))
    assert row["hidden_mpjpe_mm"] > 50 and row["world_mpjpe_mm"] > 100 and row["pair_pa_mpjpe_mm"] > 50


def test_people_pushed_apart_are_caught(scene, score):
    row = score(nearer(scene.motion, -0.1))
    assert row["a_pd_excess_mm"] <= 0 and row["visible_mpjpe_mm"] == pytest.approx(0, abs=0.02)
    assert row["contact_recall_5cm"] < 0.5 and row["interaction_mm"] > 30 and row["pair_pa_mpjpe_mm"] > 15


def test_people_pushed_together_are_caught(scene, score):
    row = score(nearer(scene.motion, 0.15))
    assert row["a_pd_excess_mm"] > 0.3 and row["contact_precision_5cm"] < 0.5


def test_over_smoothing_is_caught(scene, score):
    packed = np.asarray(state.pack(scene.motion, np.zeros((2, T, 4), np.float32)))
    row = score(jax.device_get(state.to_motion(smoothed(packed), scene.motion.betas)))
    assert row["jitter_over_truth"] < 0.8 and row["peak_wrist_over_truth"] < 0.95


def test_a_frozen_person_is_caught(scene, score):
    still = lambda x: np.concatenate([x[:1], np.repeat(x[1:, :1], T, axis=1)])  # noqa: E731
    row = score(map_frames(scene.motion, still))
    assert row["wa_mpjpe_mm"] > 2 and row["jitter_over_truth"] < 0.8 and row["peak_wrist_over_truth"] < 0.8


def test_a_front_ends_own_world_is_put_into_the_true_one(scene):
    """Turn and move the front-end's world: what its camera shows does not change."""
    body, true = load_body("open-low"), scene.views[0].camera
    turn = Rotation.from_rotvec([0.3, -0.2, 1.0]).as_matrix().astype(np.float32)
    shift = np.array([1.0, 2.0, 3.0], np.float32)
    own = Camera(K=true.K, R=true.R @ turn.T, t=true.t - (true.R @ turn.T) @ shift, image_size=true.image_size)
    moved = dataclasses.replace(
        scene.motion, global_orient=turn @ scene.motion.global_orient, pelvis=scene.motion.pelvis @ turn.T + shift
    )
    joints = [smpl.pose(body, motion).joints for motion in (moved, scene.motion)]
    np.testing.assert_allclose(to_camera(own, joints[0]), to_camera(true, joints[1]), atol=1e-4)
    back = in_true_world(moved, own, true)
    np.testing.assert_allclose(back.pelvis, scene.motion.pelvis, atol=1e-4)
    np.testing.assert_allclose(back.global_orient, scene.motion.global_orient, atol=1e-5)


def test_without_an_observation_there_is_no_score(scene):
    with pytest.raises(ValueError, match="nothing was observed"):
        TrueBodies(scene, View(camera=scene.views[0].camera))
