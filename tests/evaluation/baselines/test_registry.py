import pathlib

import pytest

from sm_jax.errors import UserError
from sm_jax.evaluation.baselines.estimate import raw
from sm_jax.evaluation.baselines.filters import OneEuro
from sm_jax.evaluation.baselines.registry import load_methods, settings
from sm_jax.evaluation.report import OURS
from sm_jax.sampling.sample import GUIDANCE, Settings


def test_all_methods_are_there_and_some_can_be_named():
    everything, weights = load_methods()
    named = ("raw estimate", "slerp", "One-Euro", "Savitzky-Golay", "SmoothNet", "optimisation", "each alone")
    assert list(everything) == [*named, "networks", OURS]
    assert all(len(digest) == 64 for digest in weights.values())
    assert list(load_methods(("slerp", "raw estimate"))[0]) == ["raw estimate", "slerp"]
    with pytest.raises(UserError, match="no method 'SLERP'"):
        load_methods(("SLERP",))
    with pytest.raises(UserError, match="no weights at none.npz"):
        load_methods((), pathlib.Path("none.npz"))


def test_settings_are_told_down_to_the_weights_of_energies():
    methods, _ = load_methods()
    assert settings(raw) == {} and settings(OneEuro(2.0, 0.1)) == {"min_cutoff": 2.0, "beta": 0.1, "d_cutoff": 1.0}
    ours = settings(methods[OURS])
    assert ours["steps"] == Settings().steps and ours["smoothness"] == GUIDANCE.smoothness
    assert settings(methods["networks"])["guidance_start"] == 0
    assert len(settings(methods["SmoothNet"])["weights"]) == 12
