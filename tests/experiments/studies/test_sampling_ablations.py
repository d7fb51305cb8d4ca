import numpy as np

from experiments.studies import sampling_ablations as study
from sm_jax.evaluation.baselines.diffusion import GUIDED
from sm_jax.sampling.sample import Settings


def test_every_change_asks_a_question_and_changes_something():
    same = study.CHANGES[study.WHOLE]
    for name, change in study.CHANGES.items():
        assert change.question.endswith("?") or name == study.WHOLE
        assert change.metric in study.COLUMNS
        if name != study.WHOLE and change.models is same.models:
            assert change.settings != GUIDED or change.told is not same.told, name


def test_an_energy_that_is_switched_off_weighs_nothing_and_compiles_nothing_new():
    off = study.without_energies("contact", "ground")
    assert off.weights.contact == off.weights.ground == study.NOTHING < 1e-6
    assert off.weights.active().keys() == Settings().weights.active().keys()
    assert off.weights.penetration == GUIDED.weights.penetration


def test_spread_that_foretells_the_error_is_seen_to():
    rng = np.random.default_rng(0)
    spread = rng.uniform(10, 100, 4000)
    told = study.calibration(np.stack([spread, spread * rng.uniform(0.8, 1.2, 4000)], axis=-1))
    assert told["rank_correlation"] > 0.9
    np.testing.assert_allclose(told["spread_mm"], told["error_mm"], rtol=0.05)
    untold = study.calibration(np.stack([spread, rng.uniform(10, 100, 4000)], axis=-1))
    assert abs(untold["rank_correlation"]) < 0.1


def test_an_answer_says_whether_what_was_taken_away_is_missed():
    row = dict.fromkeys(study.COLUMNS, 100.0)
    rows = {study.WHOLE: [row] * 6, "no text": [row | {"hidden_mpjpe_mm": 110.0 + i} for i in range(6)]}
    answer = study.answer_to(rows, "no text", study.CHANGES["no text"], list("aabbcc"))
    assert answer["everything_is"] == "better" and answer["everything_is_in"]["pair_pa_mpjpe_mm"] == "not told apart"
    assert answer["differences"]["hidden_mpjpe_mm"]["mean"] == 12.5
