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
