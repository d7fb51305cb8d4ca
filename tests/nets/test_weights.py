import dataclasses
import pathlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.state import D
from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.refiner import RefinerConfig
from sm_jax.nets.smoothnet import SmoothNetConfig
from sm_jax.nets.weights import load_weights, parameters, save_weights

TOOLS = pathlib.Path(__file__).parents[2] / "tools"
STATISTICS = Statistics(mean=np.arange(D, dtype=np.float32), std=np.ones(D, np.float32))
PARAMS = {"block_0": {"taps": {"kernel": np.full((3, 2), 0.3, np.float32)}}, "mask_token": np.zeros(4, np.float32)}


@pytest.fixture
def path(tmp_path):
    save_weights(tmp_path / "refiner.npz", PARAMS, RefinerConfig(width=64), STATISTICS, {"steps": 3})
    return tmp_path / "refiner.npz"


def test_round_trip(path):
    weights = load_weights(path)
    assert weights.config == RefinerConfig(width=64) and weights.facts == {"steps": 3}
    np.testing.assert_array_equal(weights.statistics.mean, STATISTICS.mean)
    kernel = weights.params["block_0"]["taps"]["kernel"]
    assert kernel.dtype == np.float32 and parameters(weights.params) == 10
    np.testing.assert_allclose(kernel, 0.3, rtol=1e-3)
    assert len(weights.sha256) == 64 and weights.sha256 == load_weights(path).sha256


@pytest.mark.parametrize("config", [InfillerConfig(blocks=3), RefinerConfig(dilations=(1, 3)), SmoothNetConfig()])
def test_round_trip_of_every_configuration(config, tmp_path):
    save_weights(tmp_path / "some.npz", PARAMS, config, STATISTICS, {})
    assert load_weights(tmp_path / "some.npz").config == config


def test_a_configuration_of_another_version_is_named(tmp_path):
    @dataclasses.dataclass(frozen=True)
    class Misspelt(RefinerConfig):
        widht: int = 3

    save_weights(tmp_path / "odd.npz", PARAMS, Misspelt(), STATISTICS, {})
    with pytest.raises(UserError, match="RefinerConfig from another version of sm_jax: widht unknown or missing"):
        load_weights(tmp_path / "odd.npz")


def test_layers_of_former_names_are_refused_and_converted_bit_for_bit(tmp_path):
    path, numbers = tmp_path / "old.npz", np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)
    old = {"block_0": {"wide": {"kernel": numbers}, "taps": {"bias": numbers[0]}}, "own": {"kernel": numbers[:1]}}
    save_weights(path, old, InfillerConfig(), STATISTICS, {"steps": 3})
    with pytest.raises(UserError, match=r"former names \(own, wide\): run python tools/convert_weights.py .*old.npz$"):
        load_weights(path)
    tool = str(TOOLS / "convert_weights.py")
    for said in ("2 arrays renamed", "0 arrays renamed"):
        done = subprocess.run([sys.executable, tool, str(path)], capture_output=True, text=True, check=True)
        assert said in done.stdout
    new = load_weights(path)
    assert new.facts == {"steps": 3} and set(new.params) == {"block_0", "self_in"}
    kernel = np.asarray(new.params["block_0"]["qkv_mlp"]["kernel"])
    np.testing.assert_array_equal(kernel, numbers.astype(np.float16).astype(np.float32))


def test_damage_is_one_line(path):
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UserError, match="damaged") as caught:
        load_weights(path)
    assert "\n" not in str(caught.value)


def test_a_flipped_byte_is_found(path):
    data = bytearray(path.read_bytes())
    at = data.find(np.full(6, 0.3, np.float16).tobytes())
    data[at] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(UserError, match="damaged"):
        load_weights(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"config": {"width": "64"}}, "RefinerConfig with width '64': no such network"),
        ({"config": {"width": True}}, "width 'True'"),
        ({"config": {"taps": -3}}, "taps '-3'"),
        ({"config": {"dilations": (1, 2.5)}}, "dilations"),
        ({"config": {"dilations": 4}}, "dilations '4'"),
        ({"config": {"residual": "much"}}, "residual 'much'"),
        ({"statistics": Statistics(mean=np.zeros(D - 1), std=np.ones(D))}, "statistics of shape"),
        ({"statistics": Statistics(mean=np.full(D, np.nan), std=np.ones(D))}, "not finite"),
        ({"statistics": Statistics(mean=np.zeros(D), std=np.zeros(D))}, "not what is saved with weights"),
        ({"facts": [1]}, "not what is saved with weights"),
        ({"params": {"mask_token": np.full(4, np.inf)}}, "mask_token holds what is no finite number"),
    ],
)
def test_what_no_network_has_is_refused(tmp_path, change, words):
    whole: dict[str, Any] = {"params": PARAMS, "config": RefinerConfig(), "statistics": STATISTICS, "facts": {}}
    change = {name: RefinerConfig(**value) if name == "config" else value for name, value in change.items()}
    save_weights(tmp_path / "odd.npz", **(whole | change))  # pyrefly: ignore[bad-argument-type]
    with pytest.raises(UserError, match=words):
        load_weights(tmp_path / "odd.npz")


def test_foreign_and_missing_files(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(UserError, match="no weights file"):
        load_weights(tmp_path / "other.npz")
    (tmp_path / "text.npz").write_text("not an archive")
    with pytest.raises(UserError, match="no weights file"):
        load_weights(tmp_path / "text.npz")
    with pytest.raises(UserError, match="no weights at"):
        load_weights(tmp_path / "none.npz")
