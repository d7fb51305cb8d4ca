"""What is refused before anything is loaded; the rest is in test_folder and in the page of the API."""

import dataclasses

import pytest

from sm_jax.errors import UserError
from sm_jax.pipeline import reconstruct
from sm_jax.sampling.sample import Settings


def test_no_clips_are_no_results():
    assert reconstruct.reconstruct_many([]) == [] and reconstruct.reconstruct_many([], text="They hug.") == []


def test_what_cannot_be_is_refused_before_anything_is_loaded(monkeypatch):
    monkeypatch.setattr(reconstruct, "shipped_models", lambda: pytest.fail("too late"))
    many = reconstruct.reconstruct_many
    with pytest.raises(UserError, match="1 texts for 2 clips: give one for each, or one for all"):
        many(["a.mp4", "b.mp4"], text=["They hug."])
    with pytest.raises(UserError, match="batch 0: give a number from 1"):
        many(["a.mp4"], batch=0)
    with pytest.raises(UserError, match="hypotheses 65: give a number from 1 to 64"):
        reconstruct.reconstruct("a.mp4", hypotheses=65)
    with pytest.raises(UserError, match="steps 0: give a number from 1 to 1000"):
        reconstruct.reconstruct("a.mp4", settings=dataclasses.replace(Settings(), steps=0))
    with pytest.raises(UserError, match="seed 1180591620717411303424: give"):
        reconstruct.reconstruct("a.mp4", seed=2**70)
