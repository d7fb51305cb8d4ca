import itertools
from collections import Counter

import numpy as np
import pytest
import tensorflow_datasets as tfds

from sm_jax.data import codec
from sm_jax.data.builder import MotionPairs, Prepared
from sm_jax.data.loader import Window, WindowIndex, WindowLoader, ahead
from sm_jax.errors import UserError
from tests.data.sequences import sequence

LENGTH, BATCH = 4, 16


@pytest.fixture(scope="module", params=["memory", "array record"])
def records(request, tmp_path_factory):
    made = [codec.encode(sequence(f"s{i}", n, i)) for i, n in enumerate((10, 3, 6, 30))]
    if request.param == "memory":
        return made
    folder = str(tmp_path_factory.mktemp("tfds"))
    builder = MotionPairs(config="cmu", data_dir=folder, records={"train": made})
    builder.download_and_prepare()
    return Prepared(tfds.builder("motion_pairs/cmu", data_dir=folder), "train")


def loader(records, **arguments) -> WindowLoader:
    return WindowLoader([(records, 1.0)], LENGTH, BATCH, **{"seed": 0, **arguments})


def test_every_window_of_every_long_enough_record_is_numbered(records):
    index = WindowIndex(records, LENGTH, number=2)
    found = [index[i] for i in range(len(index))]
    lengths = [len(record["pelvis"]) for record in records]
    assert set(found) == {Window(2, r, t) for r, n in enumerate(lengths) for t in range(n - LENGTH + 1)}
    assert len(found) == len(set(found)) == 7 + 3 + 27


@pytest.mark.parametrize("processes", [1, 8])
def test_an_epoch_has_each_window_once_over_all_processes(records, processes):
    parts = [loader(records, process=p, processes=processes) for p in range(processes)]
    epoch, found = parts[0].epoch, {}
    for position, part in itertools.product(range(-(-epoch // BATCH)), parts):
        new = dict(zip(part.numbers(position).tolist(), part.windows(position), strict=True))
        assert len(new) == BATCH // processes and not new.keys() & found.keys()
        found |= new
    assert len({found[number] for number in range(epoch)}) == epoch


def test_the_number_of_processes_changes_nothing(records):
    whole = loader(records).windows(5)
    parts = [loader(records, process=p, processes=4).windows(5) for p in range(4)]
    assert sum(parts, []) == whole  # noqa: RUF017


def test_epochs_and_seeds_differ_in_their_order(records):
    def order(seed: int, epoch: int) -> list[Window]:
        one = loader(records, seed=seed)
        numbers = range(epoch * one.epoch, (epoch + 1) * one.epoch)
        return [window for n in numbers if (window := one._windows[n]) is not None]

    orders = [order(0, 0), order(0, 1), order(1, 0)]
    assert all(set(a) == set(b) and a != b for a, b in itertools.combinations(orders, 2))
    assert order(0, 1) == orders[1]


def test_sets_are_mixed_by_their_shares(records):
    mixed = WindowLoader([(records, 3.0), (records, 1.0)], LENGTH, BATCH, seed=0)
    counts = Counter(window.set for position in range(10) for window in mixed.windows(position))
    assert counts == {0: 120, 1: 40}


def test_what_is_made_ahead_is_in_order_and_starts_anywhere():
    assert list(itertools.islice(ahead(lambda n: n * n, 7), 5)) == [49, 64, 81, 100, 121]


def test_bad_sizes_are_refused(records):
    with pytest.raises(UserError, match="no sequence has 40 frames"):
        WindowLoader([(records, 1.0)], 40, BATCH, seed=0)
    with pytest.raises(UserError, match=r"16 does not divide over 3 processes: change data.batch"):
        loader(records, processes=3)


def test_pelvises_follow_the_window(records):
    """The record and start of a window are those of the record's own frames."""
    window = loader(records).windows(0)[0]
    record = records[window.record]
    cut = codec.decode(record, window.start, window.start + LENGTH)
    np.testing.assert_array_equal(cut.motion.pelvis[0, :, 1], np.arange(window.start, window.start + LENGTH))
