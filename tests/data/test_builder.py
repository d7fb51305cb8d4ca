import sys
from typing import Any

import numpy as np
import pytest
import tensorflow_datasets as tfds

from sm_jax.data import builder, codec
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.state import D
from tests.data.sequences import alone, seen, sequence


@pytest.fixture(scope="module")
def records():
    made = [sequence(f"take{i}", 10 + i, seed=i) for i in range(5)] + [seen(), alone()]
    return {split: [codec.encode(s) for s in made if s.split == split] for split in ("train", "val", "test")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, records):
    """A folder with every configuration prepared."""
    data_dir = str(tmp_path_factory.mktemp("tfds"))
    statistics = Statistics(mean=np.zeros(D, np.float32), std=np.ones(D, np.float32))
    for name in builder.NAMES:
        arguments = {"records": records, "statistics": statistics, "acknowledgement": "thanks"}
        builder.MotionPairs(config=name, data_dir=data_dir, **arguments).download_and_prepare()
    return data_dir


@pytest.mark.parametrize("name", builder.NAMES)
def test_every_configuration_is_read_without_tensorflow(folder, name):
    source: Any = tfds.data_source(f"motion_pairs/{name}", data_dir=folder, split="train")
    assert len(source) == 5
    assert {example["name"].decode() for example in source} == {f"take{i}" for i in range(5)}
    assert "tensorflow" not in sys.modules


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_what_is_built_is_read_back(folder, records, split):
    made = builder.MotionPairs(config="cmu", data_dir=folder)
    found = {str(r["name"]): r for r in builder.Prepared(made, split)}
    assert found.keys() == {str(r["name"]) for r in records[split]}
    for record in records[split]:
        for name in codec.FIELDS:
            one, other = found[str(record["name"])][name], record[name]
            np.testing.assert_array_equal(one, other, err_msg=name)
            assert one.dtype.kind == other.dtype.kind


def test_an_epoch_read_twice_gives_the_same_bytes(folder):
    def epoch():
        source: Any = tfds.data_source("motion_pairs/salsa", data_dir=folder, split="train")
        return [{name: np.asarray(value).tobytes() for name, value in example.items()} for example in source]

    assert epoch() == epoch()


def test_files_are_array_records(folder):
    made = builder.MotionPairs(config="cmu", data_dir=folder)
    assert any("array_record" in path.name for path in made.data_path.iterdir())


def test_a_set_without_a_source_is_not_made_up(tmp_path):
    with pytest.raises(UserError, match=r"amass is not prepared: run experiments/0_prepare_data.py amass"):
        builder.MotionPairs(config="amass", data_dir=str(tmp_path)).download_and_prepare()
