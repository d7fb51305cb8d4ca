"""Random windows of sets of pair sequences, in an order that follows from a seed alone.

Example number n of a training is always the same window, whatever the number of processes and however often the run was
interrupted: the position in the data is one number, and it is the whole state.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import grain
import numpy as np

from sm_jax.data.codec import Record
from sm_jax.errors import UserError

T = TypeVar("T")
_PARTNERS = 1 << 20  # from the seed of the windows to that of their partners


@dataclasses.dataclass(frozen=True)
class Window:
    """Frames start … start + length of a record. set, record: their numbers."""

    set: int
    record: int
    start: int


class WindowIndex(Sequence[Window]):
    """Every window of `length` frames of one set's records, numbered. Shorter records have none."""

    def __init__(self, records: Sequence[Record], length: int, number: int = 0):
        self._first = np.cumsum([0, *(max(0, len(r["pelvis"]) - length + 1) for r in records)])
        self._number = number

    def __len__(self) -> int:
        return int(self._first[-1])

    def __getitem__(self, index: int) -> Window:  # pyrefly: ignore[bad-override]
        record = int(np.searchsorted(self._first, index, side="right")) - 1
        return Window(set=self._number, record=record, start=index - int(self._first[record]))


class WindowLoader:
    """Shuffled windows of several sets, each epoch in another order, mixed by the sets' shares.

    sets: (records, share) each.  length: frames of a window.  batch_size: windows of a batch over all processes.
    process, processes: this process takes its own part of every batch. Raises UserError when no record of a set is long
    enough, or a batch does not divide.
    """

    def __init__(
        self,
        sets: Sequence[tuple[Sequence[Record], float]],
        length: int,
        batch_size: int,
        seed: int,
        process: int = 0,
        processes: int = 1,
    ):
        if batch_size % processes:
            raise UserError(f"a batch of {batch_size} does not divide over {processes} processes: change data.batch")
        parts = [WindowIndex(records, length, number) for number, (records, _) in enumerate(sets)]
        if not all(parts):
            raise UserError(f"no sequence has {length} frames: give longer ones or take shorter windows")
        self.epoch = sum(map(len, parts))
        """Number of different windows."""
        shares = [share for _, share in sets]
        self._windows, self._partners = (_mix(parts, shares, first) for first in (seed, seed + _PARTNERS))
        self._batch, self._own = batch_size, batch_size // processes
        self._offset = process * self._own

    def numbers(self, position: int) -> np.ndarray:
        """Global numbers [B / processes] of this process' examples in batch `position` (0, 1, …)."""
        return position * self._batch + self._offset + np.arange(self._own)

    def windows(self, position: int) -> list[Window]:
        """This process' windows in batch `position`."""
        return self._at(self._windows, position)

    def partners(self, position: int) -> list[Window]:
        """For each of them another window, drawn on its own: where a partner may come from."""
        return self._at(self._partners, position)

    def _at(self, dataset: grain.MapDataset, position: int) -> list[Window]:
        found = (dataset[int(number)] for number in self.numbers(position))
        return [window for window in found if window is not None]  # none is: nothing filters them


def _mix(parts: Sequence[WindowIndex], shares: Sequence[float], seed: int) -> grain.MapDataset:
    """Windows of several sets by their shares, each set's shuffled, without end."""
    shuffled = [
        grain.MapDataset.source(part).seed(seed + number).shuffle().repeat() for number, part in enumerate(parts)
    ]
    return grain.MapDataset.mix(shuffled, weights=shares)


def ahead(make: Callable[[int], T], position: int, threads: int = 2) -> Iterator[T]:
    """make(position), make(position + 1), … without end, made in other threads before they are asked for."""
    numbers = grain.MapDataset.range(position, np.iinfo(np.int64).max)
    options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=2 * threads)
    return iter(numbers.map(make).to_iter_dataset(options))
