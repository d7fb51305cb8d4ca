import dataclasses

import numpy as np
import pytest

from sm_jax.evaluation.benchmarks import four_views
from sm_jax.evaluation.benchmarks.frozen import FOUR_VIEWS, load
from sm_jax.evaluation.benchmarks.reference_clip import load_clip


@pytest.fixture(scope="module")
def score():
    return four_views.OtherViews(load(FOUR_VIEWS)[0], load_clip(), 0)


def in_own_world(motion):
    """A motion of the calibrated world as the front-end of the first view would have it."""
    view = load(FOUR_VIEWS)[0].views[0]
    from sm_jax.evaluation.benchmarks.case import in_true_world

    assert view.observation is not None
    return in_true_world(motion, view.camera, view.observation.camera)


def test_the_reference_is_nearly_right_in_every_view(score):
    """What is left is the detectors' error, and that of the fitted body's joints."""
    row = score(in_own_world(load_clip().motion))
    assert row["unseen_reprojection_px"] < 25 and row["mpjpe_mm"] < 60 and row["world_mpjpe_mm"] < 60
    assert row["pair_pa_mpjpe_mm"] == pytest.approx(0, abs=0.01)


def test_a_wrong_depth_shows_in_the_other_views(score):
    """Half a metre along the first camera's line of sight."""
    camera, motion = load_clip().camera(0), load_clip().motion
    far = dataclasses.replace(motion, pelvis=(motion.pelvis + 0.5 * camera.R[0, 2]).astype(np.float32))
    row = score(in_own_world(far))
    assert row["unseen_reprojection_px"] > 60 and row["world_mpjpe_mm"] > 400 and row["mpjpe_mm"] < 60


def test_each_view_is_a_case():
    cases = four_views.cases()
    assert [case.level for case in cases] == [f"camera {i}" for i in (1, 2, 3, 4)]
    assert len({case.take for case in cases}) == 4
