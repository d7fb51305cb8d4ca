"""The sources that a data set can be made of, each with its own options: what `build` turns into a set."""

import dataclasses
import pathlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Literal

import numpy as np
from tqdm import tqdm

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

BODY = "open-low"


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
    """CMU's 55 trials of two people (subjects 18/19, 20/21, 22/23, 33/34), ASF and AMC as published."""

    source_dir: pathlib.Path
    """Folder that all_asfamc.zip was unpacked to."""

    def recipe(self) -> Recipe:
        """Raises UserError when no trial is there."""
        found, missing = cmu.find(self.source_dir)
        if missing:
            print(f"{self.source_dir}: {len(missing)} of 55 trials are missing: {', '.join(missing)}", file=sys.stderr)
        items = lambda: (  # noqa: E731
            Item(cmu.name_of(trial), partial(_fit, partial(cmu.read_trial, trial, files), "cmu"))
            for trial, files in found
        )
        return Recipe("cmu", str(self.source_dir.resolve()), len(found), items, cmu.ACKNOWLEDGEMENT)


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
        tqdm.write(report.text())
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
