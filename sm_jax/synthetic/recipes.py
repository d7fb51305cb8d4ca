"""The sources that a data set can be made of, each with its own options: what `build` turns into a set."""

import dataclasses
import logging
import pathlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Literal

import numpy as np

from sm_jax.body.io import load_body
from sm_jax.data import codec
from sm_jax.data.schema import LandmarkMotion, PairSequence, Split
from sm_jax.data.sources import amass, bvh_pair, cmu, salsa
from sm_jax.data.store import open_set
from sm_jax.errors import UserError
from sm_jax.fitting.mocap.prepare import prepare
from sm_jax.fitting.mocap.report import FitReport
from sm_jax.synthetic import generate
from sm_jax.synthetic.build import Item, Recipe

_LOGGER = logging.getLogger(__name__)

BODY = "open-low"
SHORTEST = 30  # frames of a single person's take: a second
# Seconds of a single person's piece, so that a fit's memory and an interruption's loss stay small: 1,020 frames, which
# are padded to 1,024.
LONGEST = 34.0


@dataclasses.dataclass(frozen=True)
class Salsa:
    """CMU salsa, subjects 60 and 61. Without a source, the packaged takes as they are."""

    source_dir: pathlib.Path | None = None
    """Folder with salsa_bvh.tar.xz, to fit them again."""

    def recipe(self) -> Recipe:
        """Raises UserError without the archive."""
        if self.source_dir is None:
            packaged = [record for records in open_set("salsa").records.values() for record in records]
            items = lambda: (Item(str(r["name"]), partial(_told, partial(codec.decode, r))) for r in packaged)  # noqa: E731
            return Recipe("salsa", "packaged", len(packaged), items, salsa.ACKNOWLEDGEMENT)
        archive = self.source_dir / "salsa_bvh.tar.xz"
        items = lambda: (Item(x.name, partial(_fit, lambda x=x: x, "salsa", True)) for x in salsa.read(archive))  # noqa: E731
        return Recipe("salsa", str(archive.resolve()), salsa.N_TAKES, items, salsa.ACKNOWLEDGEMENT)


@dataclasses.dataclass(frozen=True)
class Synthetic:
    """Made-up interactions of many classes on random bodies, with texts and contacts. Needs no source."""

    per_class: int = 12
    """Sequences of each class."""
    seed: int = 0

    def recipe(self) -> Recipe:
        """What the generator makes, sequence by sequence."""
        body, names = load_body(BODY), list(generate.CLASSES)

        def items() -> Iterator[Item]:
            for name in names:
                for number in range(self.per_class):
                    make = partial(generate.generate, body, name, number, self.seed)
                    yield Item(f"{name}_{number}", partial(_told, make))

        key = f"{names} {self.per_class} {self.seed}"
        return Recipe("synthetic", key, len(names) * self.per_class, items, "")


@dataclasses.dataclass(frozen=True)
class Cmu:
    """CMU's motion, ASF and AMC as published: 55 trials of two people, and single people, whose partner is masked."""

    source_dir: pathlib.Path
    """Folder that all_asfamc.zip, or a part of it, was unpacked to; texts of exponential maps may lie there too."""

    def recipe(self) -> Recipe:
        """Raises UserError when no trial is there."""
        found = cmu.find(self.source_dir)
        cmu.report_missing(self.source_dir, found)

        def items() -> Iterator[Item]:
            for trial, files in found.pairs:
                yield Item(cmu.name_of(trial), partial(_fit, partial(cmu.read_trial, trial, files), "cmu"))
            yield from _singles("cmu", (partial(cmu.read_single, single) for single in found.singles))

        count = len(found.pairs) + len(found.singles)
        return Recipe("cmu", str(self.source_dir.resolve()), count, items, cmu.ACKNOWLEDGEMENT)


@dataclasses.dataclass(frozen=True)
class BvhSingle:
    """BVH files of single people, whose partner is masked. Faulty ones are told and left out."""

    source_dir: pathlib.Path
    """Folder whose files are read, with the folders below it."""
    scale: float | None = None
    """Metres a file unit; found out from the length of limbs."""
    up: Literal["x", "-x", "y", "-y", "z", "-z"] | None = None
    """Axis of the files that points up; found out."""
    fps: float | None = None
    """Frames per second, where the headers lie."""
    map: tuple[str, ...] = ()
    """Corrections of the guessed joints, such as left_hand=LeftHandMiddle1."""
    val: tuple[str, ...] = ()
    """Patterns of file names that are validated on, such as 005_*."""
    test: tuple[str, ...] = ()
    """Patterns of file names that are tested on."""
    omit: tuple[str, ...] = ()
    """Patterns of file names that are not read."""

    def recipe(self) -> Recipe:
        """Raises UserError when there is no file."""
        files = [path for path in sorted(self.source_dir.rglob("*")) if path.suffix.lower() == ".bvh"]
        files = [path for path in files if not _matches(path, self.omit)]
        if not files:
            raise UserError(f"{self.source_dir}: no BVH files there; give the folder that they lie in")
        items = lambda: _singles("bvh", (partial(self._read, path) for path in files))  # noqa: E731
        return Recipe("bvh", repr((self, [str(path.resolve()) for path in files])), len(files), items, "")

    def _read(self, path: pathlib.Path) -> LandmarkMotion:
        """Raises UserError for motion that nobody should learn from."""
        split: Split = "val" if _matches(path, self.val) else "test" if _matches(path, self.test) else "train"
        found = {"scale": self.scale, "up": self.up, "fps": self.fps, "mapping": pairs(self.map)}
        name = "_".join(path.relative_to(self.source_dir).with_suffix("").parts)
        landmarks, report = bvh_pair.read_single(path, **found, split=split, name=name)
        if fault := bvh_pair.fault(landmarks, report):
            raise UserError(f"{path}: {fault}")
        return landmarks


@dataclasses.dataclass(frozen=True)
class BvhPair:
    """Any two BVH files of one recording, which share world and clock; or several such pairs."""

    first: tuple[pathlib.Path, ...]
    """File of the first person, one for each pair."""
    second: tuple[pathlib.Path, ...]
    """Files of the second person, in the same order."""
    source_dir: pathlib.Path = pathlib.Path()
    """Folder that the files are named from."""
    scale: float | None = None
    """Metres a file unit; found out from the length of limbs."""
    up: Literal["x", "-x", "y", "-y", "z", "-z"] | None = None
    """Axis of the files that points up; found out."""
    fps: float | None = None
    """Frames per second, where the headers lie."""
    map: tuple[str, ...] = ()
    """Corrections of the guessed joints, such as left_hand=LeftHandMiddle1."""
    text: tuple[str, ...] = ()
    """Sentences that are true of all of it; "the first person" is the first file's."""
    split: Split = "test"

    def recipe(self) -> Recipe:
        """Raises UserError where the files do not pair up."""
        files = _paired(self.source_dir, self.first, self.second)
        names = bvh_pair.names_of(files)
        items = lambda: (Item(name, partial(self._make, a, b)) for name, (a, b) in zip(names, files, strict=True))  # noqa: E731
        return Recipe(
            "bvh_pair", repr((self, [path.resolve() for pair in files for path in pair])), len(files), items, ""
        )

    def _make(self, first: pathlib.Path, second: pathlib.Path) -> tuple[PairSequence, str]:
        """Shows the joint mapping before it is used."""
        found = {"scale": self.scale, "up": self.up, "fps": self.fps, "mapping": pairs(self.map)}
        landmarks, report = bvh_pair.read(first, second, **found, texts=self.text, split=self.split)
        _LOGGER.info("%s", report.text())
        return _fit(lambda: landmarks, "bvh_pair")


@dataclasses.dataclass(frozen=True)
class Amass:
    """AMASS: single people, whose partner is masked; or pairs of files that share world and clock."""

    source_dir: pathlib.Path
    """Folder that AMASS's archives were unpacked to, or that the pairs' files are named from."""
    first: tuple[pathlib.Path, ...] = ()
    """File of the first person, one for each pair; none reads all files as single people."""
    second: tuple[pathlib.Path, ...] = ()
    """Files of the second person, in the same order."""
    text: tuple[str, ...] = ()
    """Of pairs: sentences that are true of all of it."""
    body: str = BODY
    """Body to play it on: the packaged one, or the path of a licensed SMPL file."""

    def recipe(self) -> Recipe:
        """Raises UserError when there is no file."""
        body = load_body(self.body)
        if self.first or self.second:
            files = _paired(self.source_dir, self.first, self.second)
            read = partial(amass.read_pairs, files, body, texts=self.text)
            count = len(files)
        else:
            count, read = len(amass.find(self.source_dir)), partial(amass.read, self.source_dir, body)
        items = lambda: (Item(s.name, lambda s=s: (s, f"{s.motion.pelvis.shape[1]} frames")) for s in read())  # noqa: E731
        return Recipe("amass", repr((self, self.source_dir.resolve())), count, items, "")


def _singles(source: str, reads: Iterable[Callable[[], LandmarkMotion]]) -> Iterator[Item]:
    """The takes of single people in pieces; one that cannot be read or is too short is left out with a warning."""
    for read in reads:
        try:
            take = read()
            if take.positions.shape[1] < SHORTEST:
                raise UserError(f"{take.name}: {take.positions.shape[1] / take.fps:.2f} s are too short")
        except UserError as error:
            _LOGGER.warning("%s: left out", error)
            continue
        for piece in take.pieces(LONGEST):
            yield Item(piece.name, partial(_fit, lambda piece=piece: piece, source))


def _matches(path: pathlib.Path, patterns: Iterable[str]) -> bool:
    return any(path.match(pattern) for pattern in patterns)


def _paired(
    folder: pathlib.Path, first: Sequence[pathlib.Path], second: Sequence[pathlib.Path]
) -> list[tuple[pathlib.Path, pathlib.Path]]:
    if len(first) != len(second) or not first:
        raise UserError(f"{len(first)} --first and {len(second)} --second files: give as many of each")
    return [(folder / a, folder / b) for a, b in zip(first, second, strict=True)]


def pairs(words: Iterable[str]) -> dict[str, str]:
    """`landmark=joint` words as a table. Raises UserError for another form."""
    if odd := [word for word in words if "=" not in word]:
        raise UserError(f"--map {odd[0]}: write landmark=joint, such as --map left_hand=LeftHandMiddle1")
    return dict(word.split("=", 1) for word in words)


def _fit(read: Callable[[], LandmarkMotion], source: str, close_hands: bool = False) -> tuple[PairSequence, str]:
    sequence, report = prepare(load_body(BODY), read(), source, close_hands=close_hands)
    return sequence, line(report)


def line(report: FitReport) -> str:
    """A report in one line. Medians over frames; of bones over them all."""
    parts = [
        f"bones {report.line_error:.1f} deg",
        f"skate {report.skate_before:.0f} -> {report.skate_after:.0f} mm/s",
        f"inside each other {100 * report.penetration_after.deep:.0f} % of frames",
    ]
    if report.hold_share:
        before, after = (np.median(gap) for gap in (report.gap_before, report.gap_after))
        parts.append(f"hands hold in {100 * report.hold_share:.0f} % of frames, {before:.0f} -> {after:.0f} mm apart")
    joints = ", ".join(f"{name} {error:.0f}" for name, error in report.joint_error.items())
    return f"{', '.join(parts)}; joints off by (mm): {joints}"


def _told(make: Callable[[], PairSequence]) -> tuple[PairSequence, str]:
    sequence = make()
    return sequence, sequence.texts[0]
