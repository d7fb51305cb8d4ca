import dataclasses

import jax
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import KEYPOINTS
from sm_jax.data.simulator.gross_errors import GrossErrorConfig
from sm_jax.data.simulator.simulate import SimulatorConfig
from sm_jax.geometry.camera import project_points
from tests.data.conftest import BATCH, EVERYBODY, FRAMES, NO_MISTAKES

BODY = load_body("open-low")
KEYS = jax.random.split(jax.random.key(0), BATCH)
WHOLE, HALF = (2.0, 2.0), (0.5, 0.5)


def making(limbs: float = 0.0, people: float = 0.0, lost: float = 0.0) -> SimulatorConfig:
    """Mistakes of long spans, and nothing hidden at random."""
    gross_errors = GrossErrorConfig(
        limbs=limbs, limbs_length=WHOLE, people=people, people_length=WHOLE, lost=lost, lost_length=HALF
    )
    return SimulatorConfig(hiding=0.0, gross_errors=gross_errors)


def test_the_same_key_gives_the_same_observation(simulator, windows, simulated):
    again = simulator(KEYS, windows, BODY, NO_MISTAKES, EVERYBODY)
    jax.tree.map(np.testing.assert_array_equal, again, simulated.seen)


def test_another_key_gives_another(simulator, windows, simulated):
    other = simulator(jax.random.split(jax.random.key(1), BATCH), windows, BODY, NO_MISTAKES, EVERYBODY)
    for name in ("keypoints", "visibility"):
        assert np.abs(getattr(other, name) - getattr(simulated.seen, name)).max() > 0.1
    assert np.abs(other.camera.t - simulated.seen.camera.t).max() > 0.1


def test_shapes_and_ranges(simulated):
    seen = simulated.seen
    assert seen.keypoints.shape == (BATCH, 2, FRAMES, 23, 2)
    assert seen.keypoint_confidence.shape == (BATCH, 2, FRAMES, 23)
    assert seen.visibility.shape == (BATCH, 2, FRAMES, 24)
    for values in (seen.visibility, seen.keypoint_confidence):
        assert float(values.min()) >= 0
        assert float(values.max()) <= 1
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(seen))
    assert (seen.fps == 30).all()


def test_much_is_seen_and_much_is_hidden(simulated):
    visible = np.asarray(simulated.seen.visibility) > 0.5
    assert 0.5 < visible.mean() < 0.9


def test_what_the_other_body_hides_is_reported_hidden(simulated):
    """And so is what random occlusion hides; apart from joints whose owner or whose occluder was misplaced."""
    reported = np.asarray(simulated.seen.visibility)
    assert reported[simulated.clear < 0.1].mean() < 0.3
    clear = reported[simulated.clear > 0.95]
    assert 0.02 < (clear < 0.3).mean() < 0.4


def test_of_who_is_not_there_nothing_is_seen_and_nobody_is_hidden(simulator, windows, simulated):
    alone = EVERYBODY * np.array([1, 0], np.float32)
    seen = simulator(KEYS, windows, BODY, NO_MISTAKES, alone)
    assert (seen.visibility[:, 1] == 0).all() and (seen.keypoint_confidence[:, 1] == 0).all()
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(seen))
    nothing_else = dataclasses.replace(NO_MISTAKES, hiding=0.0)
    together = simulator(KEYS, windows, BODY, nothing_else, EVERYBODY).visibility[:, 0].mean()
    assert simulator(KEYS, windows, BODY, nothing_else, alone).visibility[:, 0].mean() > together + 0.02


def pixels_of(seen, points, names, of):
    pixels, depth = project_points(seen.camera, points)
    height = np.asarray(seen.camera.K[:, 0, 0] / np.asarray(depth).mean(axis=(1, 2, 3)))
    return np.asarray(pixels)[:, :, :, [names.index(name) for name in of]], height[:, None, None, None]


@pytest.mark.parametrize("limb", ["knee", "ankle", "elbow", "wrist"])
def test_exchanged_limbs_are_exchanged_in_keypoints_and_estimate(simulator, windows, simulated, limb):
    seen = simulator(KEYS, windows, BODY, making(limbs=1.0), EVERYBODY)
    sides, swapped = [f"left_{limb}", f"right_{limb}"], [f"right_{limb}", f"left_{limb}"]
    true = smpl.keypoints(BODY, simulated.posed)
    own, height = pixels_of(seen, true, KEYPOINTS, sides)
    other, _ = pixels_of(seen, true, KEYPOINTS, swapped)
    apart = np.linalg.norm(own - other, axis=-1) > 0.25 * height
    at = [KEYPOINTS.index(name) for name in sides]
    estimated, _ = pixels_of(seen, smpl.keypoints(BODY, smpl.pose(BODY, seen.motion)), KEYPOINTS, sides)
    sure = apart & (np.asarray(seen.keypoint_confidence)[..., at] > 0.6)
    assert sure.sum() > 100
    for found in (np.asarray(seen.keypoints)[..., at, :], estimated):
        nearer = np.linalg.norm(found - other, axis=-1) < np.linalg.norm(found - own, axis=-1)
        assert nearer[sure].mean() > 0.8


def test_exchanged_people_are_exchanged_in_keypoints_estimate_and_visibility(simulator, windows, simulated):
    seen = simulator(KEYS, windows, BODY, making(people=5.0), EVERYBODY)
    true = simulated.truth.pelvis
    distance = lambda x: np.linalg.norm(np.asarray(seen.motion.pelvis - x), axis=-1)  # noqa: E731
    nearer = distance(true[:, ::-1]) < distance(true)
    # From some frame on, the most hidden one, until the end.
    assert nearer[:, :, -1].mean() > 0.8
    assert nearer.mean() > 0.4
    pelvis = [KEYPOINTS.index("left_hip"), KEYPOINTS.index("right_hip")]
    pixels, _ = project_points(seen.camera, smpl.keypoints(BODY, simulated.posed))
    off = lambda x: np.linalg.norm(np.asarray(seen.keypoints - x)[..., pelvis, :].mean(axis=-2), axis=-1)  # noqa: E731
    sure = np.asarray(seen.keypoint_confidence)[..., pelvis].min(axis=-1) > 0.6
    agree = (off(pixels[:, ::-1]) < off(pixels)) == nearer
    assert agree[sure].mean() > 0.9


def test_the_lost_are_not_seen_and_stand_where_they_were(simulator, windows):
    seen = simulator(KEYS, windows, BODY, making(lost=5.0), EVERYBODY)
    lost = (np.asarray(seen.keypoint_confidence) == 0).all(axis=-1)
    assert 0.2 < lost.mean() < 0.6
    assert (np.asarray(seen.visibility)[lost] == 0).all()
    assert (np.asarray(seen.visibility)[~lost].mean(axis=-1) > 0).mean() > 0.95
    # What bridges a gap has no acceleration of its own: only errors change.
    bend = np.linalg.norm(np.diff(np.asarray(seen.motion.pelvis), n=2, axis=2), axis=-1)
    inside = lost[:, :, 1:-1] & lost[:, :, 2:] & lost[:, :, :-2]
    assert np.median(bend[inside]) < 0.05
