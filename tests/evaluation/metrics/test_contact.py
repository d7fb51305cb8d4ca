"""Contacts of a few points whose distances can be read off."""

import numpy as np
import pytest

from sm_jax.evaluation.metrics import contact


def test_region_distances_by_hand():
    surface = np.zeros((2, 1, 3, 3))
    surface[0, 0, :, 0] = [0, 1, 2]
    surface[1, 0, :, 0] = [10, 2.5, 20]
    distances = contact.region_distances(surface, np.array([2, 0, 2]), 4)
    assert distances.shape == (1, 4, 4)
    assert distances[0][np.ix_([0, 2], [0, 2])].tolist() == [[1.5, 9], [0.5, 8]]
    assert np.isinf(distances[0, 1]).all() and np.isinf(distances[0, :, 3]).all()


def test_scores_by_hand():
    truth = np.array([[[0.01, 1.0], [0.02, 0.03]]])
    predicted = np.array([[[0.01, 0.04], [0.5, 0.03]]])  # 2 hits of 3 claims, 3 contacts
    scores = contact.contact_scores(predicted, truth)
    assert scores == pytest.approx((2 / 3, 2 / 3, 2 / 3, 3))
    assert contact.contact_scores(truth, truth) == (1, 1, 1, 3)
    assert contact.contact_scores(truth + 1, truth)[1:] == (0, 0, 3)
    assert np.isnan(contact.contact_scores(truth + 1, truth + 1).f1)
    assert contact.contact_scores(truth, truth, radius=0.025).true_contacts == 2


def test_pcc():
    predicted = np.array([[[0.01, 0.2], [0.5, 0.03]]])
    annotated = np.array([[[True, True], [False, False]]])
    assert contact.pcc(predicted, annotated, 0.1) == 0.5
    assert contact.pcc(predicted, annotated, 0.3) == 1
    assert np.isnan(contact.pcc(predicted, annotated & False, 0.3))
