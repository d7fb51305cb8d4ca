import dataclasses

import pytest

from configs import small, tiny
from sm_jax.errors import UserError
from sm_jax.nets.refiner import RefinerConfig
from sm_jax.train.config import InfillerTraining, RefinerTraining, differences, from_dict, to_dict


@pytest.mark.parametrize("config", [tiny.INFILLER, tiny.REFINER, small.INFILLER, small.REFINER])
def test_round_trip(config):
    assert from_dict(type(config), to_dict(config)) == config


def test_unknown_and_missing_names_are_named():
    values = to_dict(RefinerConfig())
    values["widht"] = values.pop("width")
    with pytest.raises(UserError, match="widht, width"):
        from_dict(RefinerConfig, values)


def test_differences_are_named_with_their_path():
    ours, theirs = to_dict(tiny.INFILLER), to_dict(dataclasses.replace(tiny.INFILLER, steps=9))
    theirs["optimiser"]["clip"] = 7.0
    assert differences(ours, ours) == []
    assert differences(ours, theirs) == ["optimiser.clip: 1.0 here, 7.0 there", "steps: 4 here, 9 there"]


def test_schema_defaults_build():
    assert InfillerTraining().net.width and RefinerTraining().net.width
