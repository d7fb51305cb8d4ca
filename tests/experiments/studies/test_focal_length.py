import json

import jax
import numpy as np
import pytest

from experiments.lib.results import RESULTS
from experiments.studies.focal_length import (
    CUES,
    FILMED_FROM,
    GRID,
    SETS,
    as_seen,
    estimate,
    fit_weights,
    log_likelihoods,
    log_normal,
)
from tests.fitting.sights import BODY, K, seen, walking


def test_people_nearer_than_they_are_filmed_from_ask_for_a_longer_lens():
    scene, sight = jax.device_get(seen(walking()))
    sight = as_seen(sight.keypoints, sight.confidence, sight.metres, 2 * K[:2, 2], float(K[0, 0]), BODY)
    told = log_likelihoods(sight)
    assert told.shape == (len(CUES), len(GRID)) and np.isfinite(told).all()
    away = float(np.median(scene.motion.pelvis[..., 2]))
    best = GRID[np.argmax(told[CUES.index("distance")])]
    assert np.log(best / sight.focal) == pytest.approx(np.log(FILMED_FROM[0] / away), abs=0.08)


def test_without_weights_the_prior_is_told():
    told = estimate(np.zeros((len(CUES), len(GRID))), np.ones(len(CUES)), log_normal(1.0, 0.3))
    assert told.median == pytest.approx(1.0, rel=0.05)
    assert np.log(told.high / told.median) == pytest.approx(1.28 * 0.3, rel=0.1)
    assert np.log(told.median / told.low) == pytest.approx(1.28 * 0.3, rel=0.1)


def test_a_cue_that_tells_nothing_gets_no_weight():
    rng = np.random.default_rng(0)
    focals = np.exp(rng.normal(size=200) * 0.3)
    telling = [-0.5 * ((np.log(GRID) - np.log(f) - 0.2 * rng.normal()) / 0.2) ** 2 for f in focals]
    silent = [-0.5 * ((np.log(GRID) - 0.3 * rng.normal()) / 0.2) ** 2 for _ in focals]
    weights = fit_weights([np.stack(pair) for pair in zip(telling, silent, strict=True)], focals)
    assert weights[0] > 0.8 and weights[1] < 0.1


def test_what_is_kept_has_both_sets_of_cues():
    summary = json.loads((RESULTS / "focal_length.json").read_text())["summary"]
    assert summary.keys() == SETS.keys()
    for row in summary.values():
        assert all(0 <= w <= 1 for w in row["weights"].values()) and row["rendered"]["clips"] == 34
