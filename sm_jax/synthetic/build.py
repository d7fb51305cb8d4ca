"""Building a data set: sequence by sequence, so that an interruption loses one sequence, then all in one set."""

import contextlib
import dataclasses
import hashlib
import io
import itertools
import logging
import pathlib
import shutil
import tempfile
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow_datasets as tfds
from tqdm import tqdm

from sm_jax.data import codec, store
from sm_jax.data.builder import MotionPairs
from sm_jax.data.codec import FIELDS, Record
from sm_jax.data.schema import PairSequence, Split
from sm_jax.data.statistics import fit_statistics
from sm_jax.data.store import MotionSet, open_set
from sm_jax.errors import UserError
from sm_jax.motion.state import STATE

_LOGGER = logging.getLogger(__name__)


class Item(NamedTuple):
    """One sequence to come. make: the sequence, and a line that says how well it went."""

    name: str
    make: Callable[[], tuple[PairSequence, str]]


class Recipe(NamedTuple):
    """How a source is made. key: all that its sequences depend on.  count: of items, for the progress bar."""

    name: str
    key: str
    count: int
    items: Callable[[], Iterator[Item]]
    acknowledgement: str


def build(recipe: Recipe, out: pathlib.Path, overwrite: bool = False) -> pathlib.Path:
    """Make every sequence and write the set to OUT/motion_pairs/NAME/VERSION. Returns that folder.

    Finished sequences wait in OUT/unfinished, so the same call after an interruption goes on where it was; the folder
    goes when the set is written. Raises UserError if the set is there already and `overwrite` is not asked for.
    """
    there = pathlib.Path(MotionPairs(config=recipe.name, data_dir=str(out)).data_path)
    if there.exists() and not overwrite:
        raise UserError(f"{there} exists already: name another folder with --out, or replace it with --overwrite")
    digest = hashlib.sha256(f"{recipe.key} {MotionPairs.VERSION}".encode()).hexdigest()[:12]
    parts = out / "unfinished" / f"{recipe.name}-{digest}"
    paths = make_parts(recipe, parts)
    if not paths:
        raise UserError(f"{recipe.name}: the source holds no usable sequence")
    write_set(recipe, paths, there)
    shutil.rmtree(parts)
    with contextlib.suppress(OSError):  # another source may be unfinished
        parts.parent.rmdir()
    return there


def make_parts(recipe: Recipe, folder: pathlib.Path) -> list[pathlib.Path]:
    """A file for each item's sequence, made where it is not there yet.

    Sequences of one name are numbered. An item that cannot be made is told and left out. Raises UserError where none
    can be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths, taken, faults = [], set(), []
    for item in tqdm(recipe.items(), total=recipe.count, desc=recipe.name, unit="sequence", disable=None):
        name = _unused(item.name, taken)
        path = folder / _file_name(name)
        if not path.exists():
            try:
                line = _make_part(item, name, path)
            except UserError as error:
                faults.append(error)
                _LOGGER.warning("%s: left out", error)
                continue
            _LOGGER.info("%s: %s", name, line)
        paths.append(path)
    if faults and not paths:
        raise faults[0]
    if faults:
        left_out = f"{len(faults)} of {len(faults) + len(paths)} sequences were left out"
        _LOGGER.warning("%s: %s, see above", recipe.name, left_out)
    return paths


def _make_part(item: Item, name: str, path: pathlib.Path) -> str:
    """Make one sequence and write it, whole or not at all. Returns what is told of it."""
    sequence, line = item.make()
    record = codec.encode(dataclasses.replace(sequence, name=name))
    try:
        codec.check(record)
    except ValueError as error:
        raise UserError(f"{name}: {error}") from error
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **record)
    partial.replace(path)
    return line


def _unused(name: str, taken: set[str]) -> str:
    """A name that no sequence has yet: itself, or with a number; of letters that every file and set can hold."""
    plain = name.encode("utf-8", "replace").decode()
    numbered = (f"{plain}_{n}" for n in itertools.count(2))
    free = next(one for one in itertools.chain([plain], numbered) if one not in taken)
    taken.add(free)
    return free


def _file_name(name: str) -> str:
    """A part's file name, which no file system refuses."""
    quoted = urllib.parse.quote(name, safe="")
    return f"{quoted if len(quoted) < 150 else f'{quoted[:100]}-{hashlib.sha256(name.encode()).hexdigest()[:12]}'}.npz"


def write_set(recipe: Recipe, paths: Sequence[pathlib.Path], there: pathlib.Path) -> None:
    """Write the parts as one set; one that was there stays until the new one is complete."""
    shown = tqdm(paths, desc="statistics", unit="sequence", disable=None)
    statistics = fit_statistics(codec.decode(_read(path)) for path in shown)
    of_split: dict[Split, list[pathlib.Path]] = {}
    for path in paths:
        of_split.setdefault(codec.decode(_read(path), 0, 1).split, []).append(path)
    with tempfile.TemporaryDirectory(dir=paths[0].parent) as beside:
        builder = MotionPairs(
            config=recipe.name,
            data_dir=beside,
            records={split: map(_read, found) for split, found in of_split.items()},
            statistics=statistics,
            acknowledgement=recipe.acknowledgement,
        )
        tfds.disable_progress_bar()
        with contextlib.redirect_stdout(io.StringIO()):  # it speaks of downloads, and of folders that do not last
            builder.download_and_prepare()
        if there.exists():
            shutil.rmtree(there)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(builder.data_path, there)


def export(folder: pathlib.Path, path: pathlib.Path) -> None:
    """The prepared set of a folder as one .npz file, which needs no tensorflow-datasets to be read."""
    found = open_set(str(folder))
    records = [record for split in found.records.values() for record in split]
    store.save(path, sorted(records, key=lambda r: str(r["name"])), found.statistics, found.acknowledgement)


def summary(found: MotionSet) -> str:
    """Counts, minutes and what is known of a set's sequences, and its statistics, as a few lines of text."""
    lines = []
    for split, records in found.records.items():
        minutes = sum(len(r["pelvis"]) / float(r["fps"]) for r in records) / 60
        contacts = sum(len(r["contacts"]) for r in records)
        texts = len({text for r in records for text in r["texts"].tolist()})
        pairs = sum(bool(r["present"].all()) for r in records)
        lines.append(
            f"{split}: {len(records)} sequences, {minutes:.1f} min, {pairs} of two people, {contacts} contacts, "
            f"{texts} different texts{_distances(records)}"
        )
    std = ", ".join(f"{name} {found.statistics.std[part][0]:.3f}" for name, part in STATE.items())
    return "\n".join([*lines, f"standard deviations of the state: {std}"])


def _distances(records: Sequence[Record]) -> str:
    """How far apart the hips of two people are."""
    gaps = [np.linalg.norm(r["pelvis"][:, 0] - r["pelvis"][:, 1], axis=-1) for r in records if r["present"].all()]
    if not gaps:
        return ""
    near, middle, far = np.percentile(np.concatenate(gaps), (5, 50, 95))
    return f"; hips {near:.2f} / {middle:.2f} / {far:.2f} m apart (5th, 50th, 95th percentile)"


def _read(path: pathlib.Path) -> Record:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in FIELDS}
