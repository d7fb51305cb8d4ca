"""The data sets as one tensorflow-datasets builder, with one configuration a source, written as ArrayRecord files.

TensorFlow itself is not needed: examples are read with `tfds.data_source`. An example is one sequence, as the arrays of
`codec.FIELDS`.

    >>> builder = MotionPairs(config="cmu", data_dir="~/data", records={"train": [...], "test": [...]}, statistics=...)
    >>> builder.download_and_prepare()
    >>> tfds.data_source("motion_pairs/cmu", data_dir="~/data", split="train")[0]["texts"]
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from sm_jax.data.codec import FIELDS, Field, Record
from sm_jax.data.schema import Split
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics

_KEPT = 2048  # records: about a gigabyte of minute-long ones
NAMES = ("salsa", "synthetic", "cmu", "bvh_pair", "bvh", "amass", "hi4d", "chi3d", "3dpw", "interhuman", "interx",
         "harmony4d")  # fmt: skip


class MotionPairs(tfds.core.GeneratorBasedBuilder):
    """Motion of two people. Frames come first in every array that has them."""

    VERSION = tfds.core.Version("2.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=name) for name in NAMES]  # noqa: RUF012

    def __init__(
        self,
        *,
        records: Mapping[Split, Iterable[Record]] | None = None,
        statistics: Statistics | None = None,
        acknowledgement: str = "",
        **arguments: Any,
    ):
        """records, statistics, acknowledgement: what to write, where the set is not prepared yet."""
        self._records = records
        self._facts: dict[str, Any] = {"acknowledgement": acknowledgement}
        if statistics is not None:
            self._facts |= {"mean": statistics.mean.tolist(), "std": statistics.std.tolist()}
        super().__init__(file_format="array_record", **arguments)

    def _info(self) -> tfds.core.DatasetInfo:
        features = {name: _feature(field) for name, field in FIELDS.items()}
        return tfds.core.DatasetInfo(
            builder=self,
            description=__doc__,
            features=tfds.features.FeaturesDict(features),
            metadata=tfds.core.MetadataDict(self._facts),
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        del dl_manager  # sources are local files
        if self._records is None:
            config = self.builder_config.name if self.builder_config else ""
            raise UserError(f"{config} is not prepared: run experiments/0_prepare_data.py {config}")
        return {split: self._generate_examples(records=found) for split, found in self._records.items()}

    def _generate_examples(self, records: Iterable[Record]) -> Iterator[tuple[str, dict]]:
        for record in records:
            yield str(record["name"]), {name: _plain(record[name], field) for name, field in FIELDS.items()}


class Prepared(Sequence[Record]):
    """The records of one split of a prepared set, read from disk when asked for; the last ones stay in memory."""

    def __init__(self, builder: tfds.core.DatasetBuilder, split: str):
        self._source = builder.as_data_source(split)  #  (tfds hides the signature)
        self._read = lru_cache(_KEPT)(self._parse)

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int) -> Record:  # pyrefly: ignore[bad-override]
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._read(index)

    def uncached(self) -> Iterator[Record]:
        """All records, one after the other, none of which stays in memory."""
        return map(self._parse, range(len(self)))

    def _parse(self, index: int) -> Record:
        example = self._source[index]
        return {name: _array(example[name], field) for name, field in FIELDS.items()}


def _feature(field: Field) -> tfds.features.FeatureConnector:
    if field.dtype is str:
        return tfds.features.Sequence(tfds.features.Text()) if field.shape else tfds.features.Text()
    if not field.shape:
        return tfds.features.Scalar(field.dtype)
    return tfds.features.Tensor(shape=field.shape, dtype=field.dtype)


def _plain(value: np.ndarray, field: Field) -> Any:
    """A record's value as tfds takes it: strings are its own."""
    return value.tolist() if field.dtype is str else value


def _array(value: Any, field: Field) -> np.ndarray:
    """The inverse of `_plain`, where strings come back as bytes."""
    if field.dtype is not str:
        return np.asarray(value, field.dtype)
    return np.array([text.decode() for text in value] if field.shape else value.decode(), dtype=str)
