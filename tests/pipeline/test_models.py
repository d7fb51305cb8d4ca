import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.nets.weights import INFILLER, REFINER, load_weights, save_weights
from sm_jax.pipeline.models import as_body, load_models, shipped_models


def test_weights_of_the_wrong_kind_are_refused():
    with pytest.raises(UserError, match="holds no infiller"):
        load_models(REFINER)
    with pytest.raises(UserError, match="holds no refiner"):
        load_models(INFILLER, INFILLER)


def test_weights_that_learnt_from_another_text_encoder_are_refused(tmp_path):
    learnt = load_weights(INFILLER)
    facts = learnt.facts | {"text_encoder": "other", "text_encoder_sha256": "abc"}
    save_weights(tmp_path / "weights.npz", learnt.params, learnt.config, learnt.statistics, facts)
    with pytest.raises(UserError, match=r"trained with another text encoder \(other, hash abc\) than all-MiniLM"):
        load_models(tmp_path / "weights.npz")


def test_models_load_with_an_empty_cache_and_no_network(tmp_path, monkeypatch):
    monkeypatch.setenv("SM_JAX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "")
    found = load_models(str(INFILLER), str(REFINER))
    assert set(found.hashes) == {"infiller_sha256", "refiner_sha256", "text_encoder_sha256"}
    assert not (tmp_path / "cache").exists()


def test_what_ships_is_loaded_once(tmp_path):
    assert shipped_models() is shipped_models()
    body = as_body(None)
    assert body.name == "open-low" and as_body("open-low") is body and as_body(body) is body
    with pytest.raises(UserError, match="Body '.*gone.npz' not found"):
        as_body(tmp_path / "gone.npz")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda params: params | {"mask_token": np.zeros(3)}, r"mask_token is \(3,\), by its configuration \("),
        (lambda params: params | {"more": np.zeros(3)}, r"more is \(3,\), by its configuration missing"),
        (lambda params: {key: x for key, x in params.items() if key != "head"}, "head/bias is missing, by its"),
    ],
)
def test_parameters_of_another_network_are_refused_when_they_are_loaded(tmp_path, change, words):
    weights = load_weights(INFILLER)
    path = tmp_path / "weights.npz"
    save_weights(path, weights.params, weights.config, weights.statistics, weights.facts)
    assert load_models(path).hashes["infiller_sha256"] == weights.sha256
    save_weights(path, change(weights.params), weights.config, weights.statistics, weights.facts)
    with pytest.raises(UserError, match=words):
        load_models(path)
