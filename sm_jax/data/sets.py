"""Opening a set of pair sequences by name or path, whichever form it has."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from sm_jax.data import store
from sm_jax.data.codec import Record
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics

PACKAGED = {"salsa": store.SALSA}


@dataclasses.dataclass(frozen=True, kw_only=True)
class MotionSet:
    """records: split -> its sequences.  statistics: of their normalised state.  acknowledgement: what a publication
    that uses them must say."""

    records: Mapping[str, Sequence[Record]]
    statistics: Statistics
    acknowledgement: str


def open_set(name: str) -> MotionSet:
    """A packaged set by name, else the path of an .npz export or of a prepared folder (…/motion_pairs/NAME/VERSION).

    Raises UserError where there is no set. A folder needs tensorflow-datasets, an export does not.
    """
    path = PACKAGED.get(name) or pathlib.Path(name).expanduser()
    return _folder(path) if path.is_dir() else _export(path)


def _export(path: pathlib.Path) -> MotionSet:
    stored = store.load(path)
    splits = {str(record["split"]) for record in stored.records}
    return MotionSet(
        records={split: [r for r in stored.records if str(r["split"]) == split] for split in sorted(splits)},
        statistics=stored.statistics,
        acknowledgement=stored.acknowledgement,
    )


def _folder(path: pathlib.Path) -> MotionSet:
    import tensorflow_datasets as tfds  # not there on every machine that trains

    from sm_jax.data.builder import Prepared

    try:
        builder = tfds.builder_from_directory(str(path))
        facts = dict(builder.info.metadata or {})
        statistics = Statistics(mean=np.array(facts["mean"], np.float32), std=np.array(facts["std"], np.float32))
        records = {split: Prepared(builder, split) for split in sorted(builder.info.splits)}
        return MotionSet(records=records, statistics=statistics, acknowledgement=facts["acknowledgement"])
    except Exception as error:  # tfds has no common error for a folder that is missing, half-written or another's
        raise UserError(
            f"{path}: no prepared set ({error}); name a folder that experiments/0_prepare_data.py wrote"
        ) from error
