"""Pair sequences in one .npz file: the packaged motion, and the export of any prepared set.

Every field of `codec.FIELDS` is one array for all sequences. Where a field's first axis has any length, the sequences'
arrays stand one after the other, and `<field>/starts` [sequences + 1] says where each begins. `statistics/mean` and
`statistics/std` are those of the normalised state; `acknowledgement` is what a publication must say.
"""

import dataclasses
import itertools
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from sm_jax.assets.arrays import read_npz
from sm_jax.data import codec
from sm_jax.data.codec import FIELDS, Record
from sm_jax.data.schema import PairSequence, Split
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.state import D

SALSA = pathlib.Path(__file__).parent / "packaged" / "salsa.npz"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stored:
    """What one file holds."""

    records: list[Record]
    statistics: Statistics
    acknowledgement: str


def load_salsa(split: Split | None = None) -> list[PairSequence]:
    """The packaged salsa takes (30 fps, on the body "open-low"), all or those of one split."""
    return [codec.decode(record) for record in load(SALSA).records if split in (None, str(record["split"]))]


def save(path: pathlib.Path, records: Sequence[Record], statistics: Statistics, acknowledgement: str) -> None:
    """Write the sequences, replacing the file only once the new one is complete."""
    arrays: dict[str, Any] = {"acknowledgement": np.array(acknowledgement)}
    arrays |= {"statistics/mean": np.asarray(statistics.mean), "statistics/std": np.asarray(statistics.std)}
    for name, field in FIELDS.items():
        parts = [record[name] for record in records]
        arrays[name] = np.concatenate(parts) if None in field.shape else np.stack(parts)
        if None in field.shape:
            arrays[f"{name}/starts"] = np.cumsum([0, *map(len, parts)]).astype(np.int64)
    partial = path.with_suffix(".partial.npz")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(partial, **arrays)
    partial.replace(path)


def load(path: pathlib.Path) -> Stored:
    """Read a file that `save` wrote. Raises UserError when there is none or it is damaged."""
    try:
        arrays = read_npz(path)
        count = len(arrays["name"])
        _check_starts(arrays, count)
        return Stored(
            records=[{name: _part(arrays, name, i) for name in FIELDS} for i in range(count)],
            statistics=Statistics(mean=arrays["statistics/mean"], std=arrays["statistics/std"]),
            acknowledgement=str(arrays["acknowledgement"]),
        )
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; make it with experiments/0_prepare_data.py") from error
    except Exception as error:  # numpy and zipfile report damage in half a dozen ways
        raise UserError(f"{path}: not a file of pair sequences, or damaged ({error}); make it again") from error


def _check_starts(arrays: dict[str, np.ndarray], count: int) -> None:
    """Raise ValueError unless every field is there for `count` sequences."""
    for name, field in FIELDS.items():
        if None in field.shape:
            starts = arrays[f"{name}/starts"]
            sound = starts.dtype.kind in "iu" and starts.shape == (count + 1,) and (np.diff(starts) >= 0).all()
            if not sound or starts[0] != 0 or starts[-1] != len(arrays[name]):
                raise ValueError(f"{name}/starts does not divide {name} into {count} parts")
        elif len(arrays[name]) != count:
            raise ValueError(f"{name} of {len(arrays[name])} sequences, {count} are there")


def _part(arrays: dict[str, np.ndarray], name: str, i: int) -> np.ndarray:
    starts = arrays.get(f"{name}/starts")
    return arrays[name][i] if starts is None else arrays[name][starts[i] : starts[i + 1]]


# Opening a set of pair sequences by name or path, whichever form it has.


PACKAGED = {"salsa": SALSA}


@dataclasses.dataclass(frozen=True, kw_only=True)
class MotionSet:
    """records: split -> its sequences.  statistics: of their normalised state.  acknowledgement: what a publication
    that uses them must say."""

    records: Mapping[str, Sequence[Record]]
    statistics: Statistics
    acknowledgement: str


def open_set(name: str) -> MotionSet:
    """A packaged set by name, else the path of an .npz export or of a prepared folder (…/motion_pairs/NAME/VERSION).

    Every sequence is looked at. Raises UserError where there is no set, and for one with numbers that are not finite. A
    folder needs tensorflow-datasets, an export does not.
    """
    path = PACKAGED.get(name) or pathlib.Path(name).expanduser()
    found, everything = _folder(path) if path.is_dir() else _export(path)
    for part, array in (("mean", found.statistics.mean), ("std", found.statistics.std)):
        if array.dtype.kind != "f" or array.shape != (D,):
            raise UserError(f"{name}: the statistics' {part} is not of {D} numbers; make the set again")
        if not np.isfinite(array).all():
            raise UserError(f"{name}: the statistics' {part} holds numbers that are not finite; make the set again")
    for record in everything:
        try:
            codec.check(record)
        except ValueError as error:
            raise UserError(f"{name}: sequence {record['name']}: {error}; make the set again without it") from error
    return found


def _export(path: pathlib.Path) -> tuple[MotionSet, Iterable[Record]]:
    stored = load(path)
    splits = {str(record["split"]) for record in stored.records}
    found = MotionSet(
        records={split: [r for r in stored.records if str(r["split"]) == split] for split in sorted(splits)},
        statistics=stored.statistics,
        acknowledgement=stored.acknowledgement,
    )
    return found, stored.records


def _folder(path: pathlib.Path) -> tuple[MotionSet, Iterable[Record]]:
    import tensorflow_datasets as tfds  # not there on every machine that trains

    from sm_jax.data.builder import Prepared

    try:
        builder = tfds.builder_from_directory(str(path))
        facts = dict(builder.info.metadata or {})
        statistics = Statistics(mean=np.array(facts["mean"], np.float32), std=np.array(facts["std"], np.float32))
        records = {split: Prepared(builder, split) for split in sorted(builder.info.splits)}
        found = MotionSet(records=records, statistics=statistics, acknowledgement=facts["acknowledgement"])
        return found, itertools.chain.from_iterable(part.uncached() for part in records.values())
    except Exception as error:  # tfds has no common error for a folder that is missing, half-written or another's
        raise UserError(
            f"{path}: no prepared set ({error}); name a folder that experiments/0_prepare_data.py wrote"
        ) from error
