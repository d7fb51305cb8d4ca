"""What the suite is made of, and how it counts harm; nothing is simulated here."""

import dataclasses

import jax
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.data.schema import PairSequence
from sm_jax.data.store import load_salsa
from sm_jax.evaluation.benchmarks import validation
from sm_jax.evaluation.benchmarks.validation import Judge, Sight, alone, beside, summarise, with_part_of
from sm_jax.geometry.camera import project_points
from sm_jax.motion.frames import map_frames
from tests.energies.scenes import camera
from tests.motion.motions import observe

FRAMES, BODY = 8, load_body("open-low")


def window(start: int) -> PairSequence:
    take = load_salsa("val")[0]
    motion = map_frames(take.motion, lambda x: x[:, start : start + FRAMES])
    return dataclasses.replace(take, motion=motion, foot_contact=take.foot_contact[:, start : start + FRAMES])


@pytest.fixture(scope="module")
def sight() -> Sight:
    truth = window(0)
    centred = dataclasses.replace(
        truth.motion, pelvis=truth.motion.pelvis - np.array([*truth.motion.pelvis[0, 0, :2], 0])
    )
    motion = jax.tree.map(lambda x: np.asarray(x, np.float32), centred)
    pixels, _ = project_points(camera(FRAMES), smpl.keypoints(BODY, smpl.pose(BODY, motion)))
    return Sight(
        group="g",
        truth=dataclasses.replace(truth, motion=motion),
        observation=jax.device_get(observe(motion, camera(FRAMES), np.asarray(pixels))),
    )


def test_strangers_stand_apart_on_floors_of_their_own():
    chance, gaps, rises = np.random.default_rng(1), [], []
    for _ in range(60):
        pair = beside(window(0), alone(window(300), 1), chance)
        pelvis = np.median(pair.motion.pelvis, axis=1)
        gaps.append(np.linalg.norm((pelvis[1] - pelvis[0])[:2]))
        lowest = np.asarray(smpl.pose(BODY, pair.motion).joints)[..., 2].min(axis=(1, 2))
        rises.append(lowest[1] - lowest[0])
        assert pair.present.all() and pair.motion.body_pose.shape == (2, FRAMES, 23, 3, 3)
    assert validation.NEAREST - 1e-3 < min(gaps) < 1.2 and 3.2 < max(gaps) < validation.FARTHEST + 1e-3
    assert 0.15 < np.mean(np.abs(rises) > 0.05) < 0.6 and max(np.abs(rises)) < validation.STEP + 0.1
    np.testing.assert_allclose(pair.motion.body_pose[1], window(300).motion.body_pose[1], atol=1e-6)


def test_the_truth_has_no_error(sight):
    row = Judge(sight)(sight.truth.motion)
    assert row["pair_pa_mpjpe_mm"] < 1e-2 and row["interaction_mm"] < 1e-2 and row["visible_mpjpe_mm"] < 1e-2
    assert max(row["pixels_0"], row["pixels_1"]) < 0.1 and row["jitter_over_truth"] == pytest.approx(1.0)


def test_bins_are_of_the_truth(sight):
    assert Judge(sight).distance == "1.1–1.6 m" and Judge(sight).posture == "upright"
    lowered = dataclasses.replace(sight.truth.motion, body_pose=np.array(sight.truth.motion.body_pose))
    lowered.body_pose[:, :, [0, 1]] = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])  # hips bent: feet before the pelvis
    assert Judge(dataclasses.replace(sight, truth=dataclasses.replace(sight.truth, motion=lowered))).posture == "low"


def test_one_part_at_a_time_is_put_back(sight):
    estimate = sight.truth.motion
    moved = dataclasses.replace(
        estimate,
        global_orient=estimate.global_orient[:, ::-1],
        body_pose=estimate.body_pose[:, ::-1],
        pelvis=estimate.pelvis + np.array([[[1.0, 0, 0]], [[3.0, 0, 0]]], np.float32),
    )
    found = {part: with_part_of(moved, estimate, part) for part in validation.PARTS}
    np.testing.assert_array_equal(found["orient"].global_orient, estimate.global_orient)
    np.testing.assert_array_equal(found["pose"].body_pose, estimate.body_pose)
    np.testing.assert_array_equal(found["pose"].pelvis, moved.pelvis)
    shift = {part: (one.pelvis - estimate.pelvis)[:, 0, 0].tolist() for part, one in found.items()}
    assert shift["pelvis common"] == pytest.approx([-1.0, 1.0]) and shift["pelvis relative"] == pytest.approx(
        [2.0, 2.0]
    )


def test_harm_is_counted_clip_by_clip():
    def row(error: float, pixels: float) -> dict[str, float]:
        return {"pair_pa_mpjpe_mm": error, "interaction_mm": error, "pixels_0": pixels, "pixels_1": 1.0}

    raw = [row(100.0, 2.0), row(100.0, 2.0), row(100.0, 2.0), row(100.0, 2.0)]
    ours = [row(90.0, 1.0), row(102.0, 3.0), row(104.0, 1.0), row(150.0, 1.0)]
    found = summarise({"raw": raw, "ours": ours}, "raw")["ours"]
    assert (found["better_share"], found["harm_share"], found["harm_worst_mm"]) == (0.25, 0.5, 50.0)
    assert (found["interaction_worse_share"], found["pixels_worse_share"]) == (0.75, 0.125)
