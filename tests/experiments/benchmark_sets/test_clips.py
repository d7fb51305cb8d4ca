import dataclasses

import numpy as np
import pytest

from experiments.benchmark_sets.clips import FRAMES, held_out_clips, validation_clips
from sm_jax.data import codec, store
from sm_jax.data.store import open_set
from sm_jax.errors import UserError
from sm_jax.types import Contact


def part(name, split, frames, contact=None):
    """The first frames of a packaged dance under another name."""
    sequence = codec.decode(open_set("salsa").records["train"][0], 0, frames)
    contacts = () if contact is None else (Contact(region_a="hand", region_b="hand", start=contact[0], end=contact[1]),)
    renamed = dataclasses.replace(sequence, name=name, split=split, source="synthetic", contacts=contacts)
    return codec.encode(renamed)


@pytest.fixture
def synthetic(tmp_path):
    """Two held-out classes: sequences too short, in contact at their end, out of order."""
    records = [part("wave_10", "test", 150), part("wave_2", "test", 150, (100, 150)), part("wave_0", "test", 80)]
    records += [part("wave_1", "test", 130, (20, 120)), part("bow_0", "test", 96), part("bow_1", "train", 150)]
    store.save(tmp_path / "set.npz", records, open_set("salsa").statistics, "")
    return tmp_path / "set.npz"


def test_three_spans_of_each_held_out_dance_lie_apart():
    found = held_out_clips(None)
    assert len(found) == 9 and len({clip.name for clip in found}) == 9
    assert all(clip.motion.pelvis.shape == (2, FRAMES, 3) and clip.split == "test" for clip in found)
    takes = {take.name: take for take in store.load_salsa("test")}
    starts = {}
    for clip in found:
        take, _, start = clip.name.rpartition("_from_")
        np.testing.assert_array_equal(
            clip.motion.pelvis, takes[take].motion.pelvis[:, int(start) : int(start) + FRAMES]
        )
        starts.setdefault(take, []).append(int(start))
    assert all(min(np.diff(of_take)) >= FRAMES and of_take[0] > 0 for of_take in starts.values())


def test_validation_is_another_dance():
    assert {clip.name.split("_from_")[0] for clip in validation_clips(None)} == {"salsa_12"}


def test_held_out_classes_are_cut_around_their_contact(synthetic):
    found = {clip.name: clip for clip in held_out_clips(synthetic)[9:]}
    assert list(found) == ["bow_0_from_0", "wave_1_from_22", "wave_2_from_54"]
    assert all(clip.motion.pelvis.shape[1] == FRAMES for clip in found.values())
    assert [(c.start, c.end) for c in found["wave_2_from_54"].contacts] == [(46, 96)]


def test_a_set_without_the_split_is_refused(tmp_path):
    store.save(tmp_path / "set.npz", [part("bow_1", "train", 150)], open_set("salsa").statistics, "")
    with pytest.raises(UserError, match="no split 'test'"):
        held_out_clips(tmp_path / "set.npz")
