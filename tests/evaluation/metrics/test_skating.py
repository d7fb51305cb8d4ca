"""Feet that slide while the true feet stand."""

import numpy as np
import pytest

from sm_jax.evaluation.metrics import motion


def test_sliding_by_hand():
    truth = np.zeros((1, 4, 2, 3))
    truth[0, :, 1, 0] = [0, 0.02, 0.04, 0.06]  # the second foot walks at 0.6 m/s
    stands = motion.standing(truth, fps=30)
    assert stands.tolist() == [[[True, False]] * 3]
    slid = truth.copy()
    slid[0, 2:, 0, 1] += 0.03  # one slip of 30 mm in three steps
    assert motion.foot_sliding_mm(truth, stands) == 0
    assert motion.foot_sliding_mm(slid, stands) == pytest.approx(10)
    assert np.isnan(motion.foot_sliding_mm(slid, stands & False))
