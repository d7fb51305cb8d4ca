import dataclasses
import re
from typing import Any

import numpy as np
import pytest
import tensorflow_datasets as tfds

from sm_jax.data import codec, store
from sm_jax.data.store import open_set
from sm_jax.errors import UserError
from sm_jax.synthetic.build import Item, Recipe, build, export, summary
from tests.data.sequences import alone, seen, sequence

SEQUENCES = [sequence("a/1", 20), sequence("b", 9, seed=3), seen(), alone()]


def recipe(made: list[str], fail_at: str = "", key: str = "k") -> Recipe:
    """Of SEQUENCES; notes what is made, and fails at one of them."""

    def make(one):
        if one.name == fail_at:
            raise KeyboardInterrupt
        made.append(one.name)
        return one, "well"

    items = lambda: (Item(one.name, lambda one=one: make(one)) for one in SEQUENCES)  # noqa: E731
    return Recipe("cmu", key, len(SEQUENCES), items, "thanks")


def names(folder) -> list[str]:
    return sorted(str(r["name"]) for records in open_set(str(folder)).records.values() for r in records)


def test_a_set_is_built_and_read_as_tfds_reads_it(tmp_path):
    folder = build(recipe([]), tmp_path)
    assert names(folder) == sorted(one.name for one in SEQUENCES)
    source: Any = tfds.data_source("motion_pairs/cmu", data_dir=str(tmp_path), split="train")
    assert {example["name"].decode() for example in source} == {"a/1", "b"}
    assert open_set(str(folder)).acknowledgement == "thanks"
    assert [path.name for path in tmp_path.iterdir()] == ["motion_pairs"]


def test_an_interruption_loses_one_sequence(tmp_path):
    first, second = [], []
    with pytest.raises(KeyboardInterrupt):
        build(recipe(first, fail_at="seen"), tmp_path)
    folder = build(recipe(second), tmp_path)
    assert (first, second) == (["a/1", "b"], ["seen", "alone"])
    assert len(names(folder)) == 4


def test_another_key_does_not_take_over_what_was_made(tmp_path):
    first, second = [], []
    with pytest.raises(KeyboardInterrupt):
        build(recipe(first, fail_at="b"), tmp_path)
    build(recipe(second, key="other"), tmp_path)
    assert len(second) == 4


def test_a_set_that_is_there_is_replaced_only_on_demand(tmp_path):
    folder, made = build(recipe([]), tmp_path), []
    with pytest.raises(UserError, match=r"exists already: .* --out, or replace it with --overwrite"):
        build(recipe(made), tmp_path)
    assert not made
    assert build(recipe(made), tmp_path, overwrite=True) == folder and len(made) == 4
    assert len(names(folder)) == 4


def test_an_empty_source_is_said(tmp_path):
    empty = recipe([])._replace(items=lambda: iter(()))
    with pytest.raises(UserError, match="cmu: the source holds no usable sequence"):
        build(empty, tmp_path)


def test_the_export_holds_the_same(tmp_path):
    folder = build(recipe([]), tmp_path)
    export(folder, tmp_path / "all.npz")
    stored = store.load(tmp_path / "all.npz")
    found = {str(r["name"]): r for records in open_set(str(folder)).records.values() for r in records}
    assert len(stored.records) == 4 and stored.acknowledgement == "thanks"
    np.testing.assert_array_equal(stored.statistics.std, open_set(str(folder)).statistics.std)
    for record in stored.records:
        for name in codec.FIELDS:
            np.testing.assert_array_equal(record[name], found[str(record["name"])][name], err_msg=name)


def test_the_summary_counts(tmp_path):
    minute = dataclasses.replace(sequence("long", 90), split="test", texts=("They hug.",))
    plain = recipe([])._replace(
        items=lambda: iter([Item(one.name, lambda one=one: (one, "")) for one in (minute, *SEQUENCES)])
    )
    lines = summary(open_set(str(build(plain, tmp_path)))).splitlines()
    apart = r"; hips \d\.\d\d / \d\.\d\d / \d\.\d\d m apart"
    assert re.match(r"test: 2 sequences, 0\.1 min, 2 of two people, 4 contacts, 2 different texts" + apart, lines[0])
    assert re.match(r"train: 2 sequences, 0\.0 min, 2 of two people, 4 contacts, 2 different texts" + apart, lines[1])
    assert lines[2] == "val: 1 sequences, 0.0 min, 0 of two people, 0 contacts, 0 different texts"
    assert re.match(r"standard deviations of the state: orient \d\.\d{3}, pose", lines[3])


def test_sequences_of_one_name_are_all_made(tmp_path):
    twice = [sequence("P1_P2", 20), sequence("P1_P2", 9, seed=3)]
    same = recipe([])._replace(
        items=lambda: iter([Item(one.name, lambda one=one: (one, "")) for one in twice]), count=2
    )
    folder = build(same, tmp_path)
    assert names(folder) == ["P1_P2", "P1_P2_2"]
    lengths = {str(r["name"]): len(r["pelvis"]) for records in open_set(str(folder)).records.values() for r in records}
    assert lengths == {"P1_P2": 20, "P1_P2_2": 9}


@pytest.mark.parametrize("name", ["a/../b", "salsa." * 60, "サルサ" * 40, "\udcff.npz", " ", "..", "a\nb"])
def test_sequences_of_any_name_are_made(tmp_path, name):
    odd = recipe([])._replace(items=lambda: iter([Item(name, lambda: (sequence("x", 9), ""))]), count=1)
    assert names(build(odd, tmp_path)) == [name.encode("utf-8", "replace").decode()]


def test_what_cannot_be_made_is_told_and_left_out(tmp_path, caplog):
    def fail():
        raise UserError("b.npz: damaged")

    broken = sequence("c", 9)
    broken = dataclasses.replace(
        broken, motion=dataclasses.replace(broken.motion, pelvis=broken.motion.pelvis * np.nan)
    )
    made = {"a": lambda: (sequence("a", 9), "well"), "b": fail, "c": lambda: (broken, "well")}
    mixed = recipe([])._replace(items=lambda: iter(Item(*one) for one in made.items()), count=3)
    assert names(build(mixed, tmp_path)) == ["a"]
    told = caplog.text
    assert "b.npz: damaged: left out" in told
    assert "c: pelvis holds 54 numbers that are not finite: left out" in told
    assert "cmu: 2 of 3 sequences were left out" in told
    nothing = mixed._replace(items=lambda: iter([Item("b", fail)]))
    with pytest.raises(UserError, match="b.npz: damaged"):
        build(nothing, tmp_path / "other")
