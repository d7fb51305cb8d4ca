import dataclasses

import numpy as np
import pytest

from sm_jax.evaluation.metrics.sanity import SanityMetrics
from tests.evaluation.test_protocols import T, joints, pair

__all__ = ["joints"]


def guards(found, true):
    return SanityMetrics(pair(true))(pair(found))


def test_the_truth_is_without_fault(joints):
    row = guards(joints, joints)
    assert all(
        row[error] == pytest.approx(0, abs=1e-9) for error in ("pair_pa_mpjpe_mm", "interaction_mm", "a_pd_excess_mm")
    )
    assert all(row[share] == pytest.approx(1) for share in row if share.startswith(("contact", "jitter", "peak")))


def test_pushed_apart_wins_penetration_alone(joints):
    apart = joints + np.array([0.0, 0.1])[:, None, None, None] * [1.0, 0, 0]
    row = guards(apart, joints)
    assert row["a_pd_excess_mm"] < -0.1
    assert row["contact_recall_5cm"] < 0.7 and row["interaction_mm"] > 20 and row["pair_pa_mpjpe_mm"] > 10


def test_pushed_together_wins_recall_alone(joints):
    """People whose four regions are rods of 10 cm, one behind the other, 3 cm apart."""
    along = np.linspace(0, 0.4, 41)[:-1]
    region = np.repeat(np.arange(4), 10)

    def rods(gap):
        points = np.zeros((2, T, 40, 3))
        points[..., 0] = np.stack([-along, gap + along])[:, None]
        return dataclasses.replace(pair(joints), surface=points, surface_region=region)

    row = SanityMetrics(rods(0.03))(rods(-0.07))
    assert row["contact_recall_5cm"] == 1 and row["contact_precision_5cm"] < 0.5


def test_over_smoothed_and_frozen_fall_below_one(joints):
    smooth = np.apply_along_axis(lambda x: np.convolve(np.pad(x, 4, "edge"), np.ones(9) / 9, "valid"), 1, joints)
    row = guards(smooth, joints)
    assert row["jitter_over_truth"] < 0.5 and row["peak_wrist_over_truth"] < 0.7
    frozen = joints.copy()
    frozen[1] = frozen[1, :1]
    row = guards(frozen, joints)
    assert row["jitter_over_truth"] < 0.7 and row["peak_wrist_over_truth"] < 0.7 and row["pair_pa_mpjpe_mm"] > 5


def test_swapped_people_stand_wrong(joints):
    assert guards(joints[::-1], joints)["pair_pa_mpjpe_mm"] > 50
