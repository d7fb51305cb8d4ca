"""Two-subject trials of the CMU motion capture database as published there: ASF skeletons and AMC motion.

Subjects 18/19, 20/21, 22/23 and 33/34: 55 trials, whose two files share one world (y up) and one clock. The salsa of
subjects 60/61 is a source of its own. The trials' index texts, the sentences made of them and the splits stand in
`assets/cmu_two_person.tsv`; an interaction's trials all lie in one split, so that none is half known.
"""

import csv
import dataclasses
import pathlib
import sys
from collections.abc import Iterator
from typing import cast

import numpy as np

from sm_jax.data.mocap import asf, rest_pose
from sm_jax.data.schema import LandmarkMotion, Split
from sm_jax.errors import UserError
from sm_jax.motion import resample

FPS = 120.0  # the files do not say; the database's pages do
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


def find(folder: pathlib.Path) -> tuple[list[tuple[Trial, dict[str, pathlib.Path]]], list[str]]:
    """The trials whose four files lie anywhere below the folder, with those files by name, and the missing trials' ids.

    Raises UserError if there is none.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; give the one that all_asfamc.zip was unpacked to")
    wanted = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".asf", ".amc"))
    files = {path.name.lower(): path for path in wanted}
    found, missing = [], []
    for trial in trials():
        names = [f"{id.split('_')[0]}.asf" for id in (trial.first, trial.second)]
        names += [f"{id}.amc" for id in (trial.first, trial.second)]
        if all(name in files for name in names):
            found.append((trial, {name: files[name] for name in names}))
        else:
            missing.append(f"{trial.first}/{trial.second}")
    if not found:
        raise UserError(
            f"{folder}: none of the 55 two-person trials of CMU is there (18.asf, 18_01.amc, 19.asf, 19_01.amc, ...); "
            "unpack the subjects 18-23, 33 and 34 of all_asfamc.zip there"
        )
    return found, missing


def read(folder: pathlib.Path, fps: float = FPS) -> Iterator[LandmarkMotion]:
    """Yield the trials found below a folder at 30 fps; says on stderr which are missing. fps: of the AMC files."""
    found, missing = find(folder)
    if missing:
        print(f"{folder}: {len(missing)} of 55 trials are missing: {', '.join(missing)}", file=sys.stderr)
    for trial, files in found:
        yield read_trial(trial, files, fps)


def read_trial(trial: Trial, files: dict[str, pathlib.Path], fps: float = FPS) -> LandmarkMotion:
    """One trial from its files. Both people are lifted together so that their feet stand on z = 0."""
    people = [_person(files, id) for id in (trial.first, trial.second)]
    n_frames = min(len(positions) for positions, _ in people)
    at = resample.frame_positions(n_frames, fps)
    positions = np.stack([resample.read_points(x, at) for x, _ in people])
    turns = [resample.read_rotations(R, at) for _, R in people if R is not None]
    positions[..., 2] -= np.median(positions[:, :, _FEET, 2].min(axis=(0, 2)))
    return LandmarkMotion(
        name=name_of(trial),
        names=tuple(LANDMARKS),
        positions=positions,
        weight=np.ones(positions.shape[:-1], np.float32),
        orientations=np.stack(turns) if len(turns) == len(people) else None,
        fps=resample.FPS,
        texts=trial.texts,
        split=trial.split,
    )


def _person(files: dict[str, pathlib.Path], id: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Landmarks [T, N, 3] and orientations [T, N, 3, 3] of one person in the trial's world, z up."""
    path = files[f"{id.split('_')[0]}.asf"]
    skeleton = asf.read_skeleton(path)
    if strange := {bone for pair in LANDMARKS.values() for bone in pair} - set(skeleton.names):
        raise UserError(f"{path}: no bone {', '.join(sorted(strange))}; give CMU's own skeletons")
    ends, turning = (
        [skeleton.names.index(bones[i]) for bones in LANDMARKS.values()] for i in (0, 1)
    )  # fmt: skip
    positions, R = asf.forward_kinematics(skeleton, *asf.read_motion(files[f"{id}.amc"], skeleton))
    still = np.tile(np.eye(3), (1, len(skeleton.names), 1, 1))
    rest = asf.forward_kinematics(skeleton, still, np.zeros((1, 3)))[0][0, ends]
    figure = rest_pose.to_t_pose(dict(zip(LANDMARKS, rest, strict=True)))
    turned = None if figure is None else R[:, turning] @ np.stack([figure[name] for name in LANDMARKS])
    return positions[:, ends] @ _Y_UP_TO_Z_UP.T, None if turned is None else _Y_UP_TO_Z_UP @ turned
