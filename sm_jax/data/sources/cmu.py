"""The CMU motion capture database as published: ASF skeletons and AMC motion, of two people together or of one.

Subjects 18/19, 20/21, 22/23 and 33/34: 55 trials, whose two files share one world (y up) and one clock. The salsa of
subjects 60/61 is a source of its own. The trials' index texts, the sentences made of them and the splits stand in
`assets/cmu_two_person.tsv`; an interaction's trials all lie in one split, so that none is half known.

All other trials are single people, and so are the texts of exponential maps (`expmap`) beside them, which are played on
the folder's first skeleton. Whole subjects and whole actions of them are held out (`split_of`).
"""

import csv
import dataclasses
import logging
import pathlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

import numpy as np

from sm_jax.data.mocap import asf, rest_pose
from sm_jax.data.schema import LandmarkMotion, Split
from sm_jax.data.sources import expmap, salsa
from sm_jax.errors import UserError
from sm_jax.motion import resample

_LOGGER = logging.getLogger(__name__)

FPS = 120.0  # the files do not say; the database's index does
# Subjects, and a trial, that the index says were captured at half of it.
_HALF_RATE = frozenset((33, 34, 42, 60, 61, 62, 74, 75, 77, 79, 80, 87, 88, 89))
_HALF_RATE_TRIALS = ("136_19",)
ACKNOWLEDGEMENT = (
    "The data used in this project was obtained from mocap.cs.cmu.edu. "
    "The database was created with funding from NSF EIA-0196217."
)
TABLE = pathlib.Path(__file__).parent.parent / "packaged" / "cmu_two_person.tsv"

# landmark -> the bone at whose end it lies, and the bone that turns with it. Vicon's "wrist" bone only twists about the
# forearm: it is the forearm's distal part, and the hand starts at its end. "toe" is the tip, "foot" the toes' root.
# The neck starts below the shoulders at the thorax' end; SMPL's starts a bone higher.
_MIDDLE = {
    "pelvis": ("root", "root"), "chest": ("thorax", "thorax"), "neck": ("lowerneck", "upperneck"),
    "head": ("upperneck", "head"),
}  # fmt: skip
_SIDED = {
    "hip": ("hipjoint", "femur"), "knee": ("femur", "tibia"), "ankle": ("tibia", "foot"), "foot": ("foot", "toes"),
    "toe": ("toes", "toes"), "shoulder": ("clavicle", "humerus"), "elbow": ("humerus", "radius"),
    "wrist": ("wrist", "hand"), "hand": ("fingers", "hand"),
}  # fmt: skip
LANDMARKS = _MIDDLE | {
    f"{side}_{name}": (side[0] + end, side[0] + turning)
    for side in ("left", "right")
    for name, (end, turning) in _SIDED.items()
}
_FEET = [i for i, name in enumerate(LANDMARKS) if name.endswith(("ankle", "foot", "toe"))]
_Y_UP_TO_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
# Held out of the single people: subjects by their number's last digit, actions of the exponential maps by their name.
_VAL_DIGIT, _TEST_DIGIT = 5, 6
_TEST_ACTIONS = ("basketball", "washwindow")  # basketball's subject is 06


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """One line of the table. first, second: ids such as "18_03"; the first is person 0, the index's A."""

    first: str
    second: str
    index: str
    interaction: str
    split: Split
    texts: tuple[str, ...]


def trials() -> tuple[Trial, ...]:
    """All 55 trials of the table."""
    with TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return tuple(
        Trial(
            first=row["first"],
            second=row["second"],
            index=row["index"],
            interaction=row["interaction"],
            split=cast(Split, row["split"]),
            texts=tuple(row["sentences"].split(" | ")),
        )
        for row in rows
    )


def name_of(trial: Trial) -> str:
    """What a trial's sequence is called."""
    return f"cmu_{trial.first}_{trial.second}"


class Single(NamedTuple):
    """A recording of one person. motion: AMC file, or a text of exponential maps.  skeleton: ASF file."""

    name: str
    motion: pathlib.Path
    skeleton: pathlib.Path
    split: Split


class FoundTrials(NamedTuple):
    """What lies below a folder. pairs: trials of the table, with their files by name.  missing: other trials' ids."""

    pairs: list[tuple[Trial, dict[str, pathlib.Path]]]
    missing: list[str]
    singles: list[Single]


def frame_rate(id: str) -> float:
    """Frames per second of a trial such as "18_03"."""
    return FPS / 2 if int(id.split("_")[0]) in _HALF_RATE or id in _HALF_RATE_TRIALS else FPS


def split_of(id: str) -> Split:
    """The split of a trial such as "18_03": that of its pair or of the packaged salsa, else by the subject."""
    subject, trial = map(int, id.split("_")[:2])
    if subject in (60, 61):
        return salsa.split_of(trial)
    for pair in trials():
        if f"{subject:02d}_{trial:02d}" in (pair.first, pair.second):
            return pair.split
    return {_VAL_DIGIT: "val", _TEST_DIGIT: "test"}.get(subject % 10, "train")  # pyrefly: ignore[bad-return]


def find(folder: pathlib.Path) -> FoundTrials:
    """Trials of two people and of one that lie anywhere below a folder, with their files.

    Raises UserError if there is none.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; give the one that all_asfamc.zip was unpacked to")
    wanted = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".asf", ".amc"))
    files = {path.name.lower(): path for path in wanted}
    pairs, missing = [], []
    for trial in trials():
        ids = (trial.first, trial.second)
        names = [name for id in ids for name in (f"{id.split('_')[0]}.asf", f"{id}.amc")]
        if all(name in files for name in names):
            pairs.append((trial, {name: files[name] for name in names}))
        else:
            missing.append(f"{trial.first}/{trial.second}")
    taken = {name for _, parts in pairs for name in parts}
    singles = [*_single_trials({name: path for name, path in files.items() if name not in taken}, files),
               *_exponential_maps(folder, files)]  # fmt: skip
    if not pairs and not singles:
        raise UserError(
            f"{folder}: no trial of CMU is there (an AMC file such as 18_01.amc and its skeleton 18.asf); "
            "unpack all_asfamc.zip, or some of its subjects, there"
        )
    return FoundTrials(pairs, missing, singles)


def _single_trials(left: Mapping[str, pathlib.Path], files: Mapping[str, pathlib.Path]) -> Iterator[Single]:
    """The AMC files that are left over and whose subject's skeleton is there."""
    for name, path in left.items():
        id = name.removesuffix(".amc")
        skeleton = files.get(f"{id.split('_')[0]}.asf")
        if name.endswith(".amc") and skeleton and all(part.isdigit() for part in id.split("_")) and "_" in id:
            yield Single(f"cmu_{id}", path, skeleton, split_of(id))


def _exponential_maps(folder: pathlib.Path, files: Mapping[str, pathlib.Path]) -> Iterator[Single]:
    """Texts of exponential maps below a folder. Raises UserError where there is no skeleton to play them on."""
    found = [path for path in sorted(folder.rglob("*.txt")) if _first_line(path).count(",") == expmap.COLUMNS - 1]
    skeletons = sorted(name for name in files if name.endswith(".asf"))
    if found and not skeletons:
        raise UserError(f"{found[0]}: no skeleton to play it on; put an ASF file of CMU's, such as 01.asf, beside it")
    for path in found:
        action = path.stem.removeprefix("train_").removeprefix("test_")
        split: Split = "test" if action.startswith(_TEST_ACTIONS) else "train"
        yield Single(f"cmu_{path.stem}", path, files[skeletons[0]], split)


def _first_line(path: pathlib.Path) -> str:
    with path.open(errors="replace") as file:
        return file.readline()


def read(folder: pathlib.Path) -> Iterator[LandmarkMotion]:
    """Yield the trials found below a folder at 30 fps, those of two people first; says on stderr which are missing."""
    found = find(folder)
    report_missing(folder, found)
    for trial, files in found.pairs:
        yield read_trial(trial, files)
    for single in found.singles:
        yield read_single(single)


def report_missing(folder: pathlib.Path, found: FoundTrials) -> None:
    """Warn which trials of two people are missing, where there are some."""
    if found.pairs and found.missing:
        count = f"{len(found.missing)} of 55 trials of two people are missing"
        _LOGGER.warning("%s: %s: %s", folder, count, ", ".join(found.missing))


def read_trial(trial: Trial, files: Mapping[str, pathlib.Path]) -> LandmarkMotion:
    """One trial of two people from its files, lifted together so that their feet stand on z = 0."""
    people = []
    for id in (trial.first, trial.second):
        path = files[f"{id.split('_')[0]}.asf"]
        skeleton = asf.read_skeleton(path)
        people.append(_figure(skeleton, *asf.read_motion(files[f"{id}.amc"], skeleton), path))
    return _landmarks(name_of(trial), people, frame_rate(trial.first), trial.texts, trial.split)


def read_single(single: Single) -> LandmarkMotion:
    """One person [1, T] from a recording. Raises UserError where a file is damaged, or the skeleton not CMU's."""
    skeleton = asf.read_skeleton(single.skeleton)
    if single.motion.suffix.lower() == ".amc":
        motion, fps = asf.read_motion(single.motion, skeleton), frame_rate(single.motion.stem)
    else:
        motion, fps = expmap.read_motion(single.motion, skeleton), expmap.FPS
    return _landmarks(single.name, [_figure(skeleton, *motion, single.skeleton)], fps, (), single.split)


_Figure = tuple[np.ndarray, np.ndarray | None]


def _landmarks(name: str, people: list[_Figure], fps: float, texts: tuple[str, ...], split: Split) -> LandmarkMotion:
    """People who move in one world, at 30 fps, cut to the shortest."""
    n_frames = min(len(positions) for positions, _ in people)
    at = resample.frame_positions(n_frames, fps)
    positions = np.stack([resample.read_points(x, at) for x, _ in people])
    turns = [resample.read_rotations(R, at) for _, R in people if R is not None]
    positions[..., 2] -= np.median(positions[:, :, _FEET, 2].min(axis=(0, 2)))
    return LandmarkMotion(
        name=name,
        names=tuple(LANDMARKS),
        positions=positions,
        weight=np.ones(positions.shape[:-1], np.float32),
        orientations=np.stack(turns) if len(turns) == len(people) else None,
        fps=resample.FPS,
        texts=texts,
        split=split,
    )


def _figure(skeleton: asf.Skeleton, rotations: np.ndarray, root: np.ndarray, path: pathlib.Path) -> _Figure:
    """Landmarks [T, N, 3] and orientations [T, N, 3, 3] of a motion in its own world, z up. path: of the skeleton."""
    if strange := {bone for pair in LANDMARKS.values() for bone in pair} - set(skeleton.names):
        raise UserError(f"{path}: no bone {', '.join(sorted(strange))}; give CMU's own skeletons")
    ends, turning = (
        [skeleton.names.index(bones[i]) for bones in LANDMARKS.values()] for i in (0, 1)
    )  # fmt: skip
    positions, R = asf.forward_kinematics(skeleton, rotations, root)
    still = np.tile(np.eye(3), (1, len(skeleton.names), 1, 1))
    rest = asf.forward_kinematics(skeleton, still, np.zeros((1, 3)))[0][0, ends]
    figure = rest_pose.to_t_pose(dict(zip(LANDMARKS, rest, strict=True)))
    turned = None if figure is None else R[:, turning] @ np.stack([figure[name] for name in LANDMARKS])
    return positions[:, ends] @ _Y_UP_TO_Z_UP.T, None if turned is None else _Y_UP_TO_Z_UP @ turned
