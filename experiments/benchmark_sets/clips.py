"""The moments that the benchmarks consist of: spans of held-out dances and of held-out kinds of interaction.

Nothing here is drawn by chance. A prepared synthetic set (experiments/0_prepare_data.py synthetic) is the same
wherever it is made, so its first sequences are too.
"""

import dataclasses
import pathlib
from collections.abc import Iterable

import numpy as np

from sm_jax.data import codec
from sm_jax.data.codec import Record
from sm_jax.data.schema import PairSequence
from sm_jax.data.store import open_set
from sm_jax.errors import UserError

FRAMES = 96
SPANS = 3  # of each dance
SAMPLES = 2  # of each held-out class


def held_out_clips(synthetic: pathlib.Path | None) -> list[PairSequence]:
    """The test clips of FRAMES frames: three spans of each held-out dance and, where the prepared synthetic set is
    given, two sequences of each held-out class."""
    return _chosen("test", synthetic)


def validation_clips(synthetic: pathlib.Path | None) -> list[PairSequence]:
    """Clips like those of `held_out_clips`, from the validation split, for whatever has to be tuned."""
    return _chosen("val", synthetic)


def _chosen(split: str, synthetic: pathlib.Path | None) -> list[PairSequence]:
    found = [clip for take in open_set("salsa").records[split] for clip in _spans(take)]
    if synthetic is not None:
        records = open_set(str(synthetic)).records
        if not records.get(split):
            raise UserError(
                f"{synthetic}: has no split '{split}'; make it with experiments/0_prepare_data.py synthetic"
            )
        found += [_middle(record) for record in _first_of_each_class(records[split])]
    return found


def _spans(take: Record) -> list[PairSequence]:
    """SPANS spans of a take, evenly spread between its first and its last frames."""
    starts = np.linspace(0, len(take["pelvis"]) - FRAMES, SPANS + 2)[1:-1].round().astype(int)
    return [_cut(take, start) for start in starts.tolist()]


def _first_of_each_class(records: Iterable[Record]) -> list[Record]:
    """The first SAMPLES sequences of every class that are long enough, classes in order of name."""
    long = sorted((r for r in records if len(r["pelvis"]) >= FRAMES), key=lambda r: (_class(r), _number(r)))
    classes = sorted({_class(r) for r in long})
    return [r for name in classes for r in [r for r in long if _class(r) == name][:SAMPLES]]


def _class(record: Record) -> str:
    return str(record["name"]).rpartition("_")[0]


def _number(record: Record) -> int:
    return int(str(record["name"]).rpartition("_")[2])


def _middle(record: Record) -> PairSequence:
    """The frames around the middle of what is in contact, or of the sequence."""
    whole = codec.decode(record)
    length = len(record["pelvis"])
    first = min((c.start for c in whole.contacts), default=0)
    last = max((c.end for c in whole.contacts), default=length)
    return _cut(record, min(max((first + last - FRAMES) // 2, 0), length - FRAMES))


def _cut(record: Record, start: int) -> PairSequence:
    clip = codec.decode(record, start, start + FRAMES)
    return dataclasses.replace(clip, name=f"{clip.name}_from_{start}")
