import dataclasses

import pytest

from configs import tiny
from sm_jax.errors import UserError
from sm_jax.train.config import InfillerTraining, RefinerTraining, differences, override, paths, to_dict


def test_differences_are_named_with_their_path():
    ours, theirs = to_dict(tiny.INFILLER), to_dict(dataclasses.replace(tiny.INFILLER, steps=9))
    theirs["optimiser"]["clip"] = 7.0
    assert differences(ours, ours) == []
    assert differences(ours, theirs) == ["optimiser.clip: 1.0 here, 7.0 there", "steps: 4 here, 9 there"]


def test_schema_defaults_build():
    assert InfillerTraining().net.width and RefinerTraining().net.width


def test_values_under_paths():
    found = override(tiny.INFILLER, {"optimiser.clip": 2.0, "steps": 9, "net.width": 64, "optimiser.ema": 0.5})
    assert (found.optimiser.clip, found.optimiser.ema, found.steps, found.net.width) == (2.0, 0.5, 9, 64)
    assert found.optimiser.warm_up == tiny.INFILLER.optimiser.warm_up
    assert paths(found)["data.sets"] == ("salsa",) and "optimiser" not in paths(found)


@pytest.mark.parametrize(
    ("path", "said"),
    [("optimiser.clpi", ": did you mean optimiser.clip?"), ("net.blocs", ": did you mean net.blocks?"), ("zzz", "$")],
)
def test_an_unknown_path_names_the_closest(path, said):
    with pytest.raises(UserError, match=f"no value {path} in InfillerTraining{said}".replace("?", r"\?")):
        override(tiny.INFILLER, {path: 1})


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("steps", 0, "steps 0: give a number above 0 up to"),
        ("log_every", -1, "above 0"),
        ("optimiser.learning_rate", float("nan"), "optimiser.learning_rate nan"),
        ("optimiser.ema", 1.5, "from 0 up to 1"),
        ("data.text_dropout", -0.1, "from 0 up to 1"),
        ("data.shares", (1.0, float("inf")), "data.shares inf"),
        ("loss.joints", -1.0, "from 0"),
        ("seed", 2**70, "up to"),
        ("net.heads", 0, "must be 1 or more"),
    ],
)
def test_numbers_that_no_training_can_have(path, value, words):
    with pytest.raises(UserError, match=words):
        override(tiny.INFILLER, {path: value})
