"""Salsa of two people from the CMU motion capture database (subjects 60 and 61), in cgspeed's "Daz-friendly" BVH files.

An archive holds `60_NN.bvh` (lead) and `61_NN.bvh` (follow) for 14 trials; both share one world and one clock.
Known faults, found by measuring the archive, are named below and mended or cut here.
"""

import dataclasses
import lzma
import pathlib
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from sm_jax.data.mocap import bvh
from sm_jax.data.schema import LandmarkMotion, Split
from sm_jax.errors import UserError

TRIALS = (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15)
N_TAKES = 15  # trial 04 is cut in two
TRUE_FPS = 60  # the headers say 120, at which the dancers would step 125 times a minute with each foot
EVERY = 2  # 60 -> 30 fps
SETTLING = 8  # the first frames blend from a T-like pose into the dance
# Metres a file unit. Limbs and trunk are then as long as those of a person of 1.80 m; 1.5, which makes the highest
# *joint* 1.8 m, would make dancers of 1.98 m.
SCALE = 1.35
ACKNOWLEDGEMENT = (
    "The data used in this project was obtained from mocap.cs.cmu.edu. "
    "The database was created with funding from NSF EIA-0196217."
)

LANDMARKS = {
    "pelvis": "hip", "chest": "chest", "neck": "neck", "head": "head", "left_eye": "leftEye", "right_eye": "rightEye",
    "left_hip": "lThigh", "right_hip": "rThigh", "left_knee": "lShin", "right_knee": "rShin",
    "left_ankle": "lFoot", "right_ankle": "rFoot", "left_toe": "lFoot_end", "right_toe": "rFoot_end",
    "left_shoulder": "lShldr", "right_shoulder": "rShldr", "left_elbow": "lForeArm", "right_elbow": "rForeArm",
    "left_wrist": "lHand", "right_wrist": "rHand", "left_hand": "lMid1", "right_hand": "rMid1",
}  # fmt: skip
_HEAD = [i for i, name in enumerate(LANDMARKS) if name in ("head", "left_eye", "right_eye")]
_FEET = [i for i, name in enumerate(LANDMARKS) if name.endswith(("ankle", "toe"))]

# Spans of the *lead* in which joints jump by up to 0.9 m a frame (first and last bad frame of the file, at 60 fps).
_MEND = {
    3: (914, 918), 5: (1666, 1670), 6: (1006, 1011), 9: (379, 397), 11: (213, 220), 13: (619, 636), 15: (730, 737),
}  # fmt: skip
# Limbs of (subject, trial) that are turned wrong while the rest is right: joint, first and last bad frame. Feet and
# shins flip over and back, hands twist for some frames, heads turn a quarter turn within four frames.
_BRIDGE = {
    (60, 1): (("lFoot", 712, 834), ("lShin", 819, 832), ("rFoot", 797, 912), ("lHand", 813, 825)),
    (60, 2): (("lFoot", 1298, 1381),),
    (60, 7): (("neck", 1534, 1580),),
    (60, 14): (("rHand", 574, 606),),
    (60, 15): (("rShin", 1790, 1818), ("rFoot", 1790, 1818), ("lHand", 1868, 1884)),
    (61, 3): (("rHand", 1517, 1526), ("rFoot", 876, 886)),
    (61, 5): (("lHand", 947, 966),),
    (61, 9): (("lHand", 788, 802), ("rFoot", 1375, 1386), ("rFoot", 1932, 1942)),
    (61, 11): (("rFoot", 1196, 1206), ("rFoot", 1307, 1323), ("rFoot", 1520, 1530), ("rFoot", 2004, 2014)),
    (61, 12): (("rHand", 380, 390),),
}  # fmt: skip
# Hands that are half a turn off about the forearm, so that wrists seem to twist by up to 180 degrees.
_HALF_TURN = {(60, 13): ("rHand", 1952, None), (60, 14): ("rHand", 368, 564), (61, 9): ("rHand", 0, 728)}
_STRAIGHT = {(60, 6): "neck"}  # wrong all through: it jumps between 50 degrees left and right
_EDGE = 8  # frames over which a repaired span joins what is around it
# Spans too long to interpolate: the take is cut in two. The lead of trial 10 trembles before its span: it starts after.
_CUT = {4: (263, 353), 10: (0, 368)}
# Spans in which the source's own list calls the lead's head wrong.
_HEAD_WRONG = {6: (0, None), 7: (1300, None)}
_VAL, _TEST = (12,), (13, 14, 15)
# True of every take but 04a. Holds and turns were counted in the fitted takes.
_DANCE = (
    "Two people dance salsa together, a lead and a follow.",
    "A couple dances salsa.",
    "The first person leads the second person in a salsa.",
    "The second person follows the first person's lead as they dance salsa.",
    "Two partners dance a salsa, the first person leading and the second person following.",
    "Both people dance salsa with each other and take each other's hands.",
    "They dance salsa, and the first person has the second person turn around.",
)
_APPROACH = (
    "Two people stand apart and then walk towards each other to dance.",
    "The first person and the second person face each other and come closer.",
    "Two dancers take up their places before a salsa and step towards each other.",
)
_HOLD_MOSTLY = (2, 3, 4, 5, 7, 11, 13, 15)
_BOTH_TURN = (2, 7, 9, 13)
_Y_UP_TO_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def read(archive: pathlib.Path) -> Iterator[LandmarkMotion]:
    """Yield the takes of the archive (a .tar.xz of BVH files) at 30 fps, faults mended, each person on the floor."""
    if not archive.is_file():
        raise UserError(f"{archive}: no such archive; give the path of salsa_bvh.tar.xz")
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
        except (tarfile.TarError, OSError, EOFError, lzma.LZMAError, zlib.error, ValueError) as error:
            raise UserError(f"{archive}: not a readable tar archive ({error}); fetch it again") from error
        for trial in TRIALS:
            paths = [pathlib.Path(folder) / f"{subject}_{trial:02d}.bvh" for subject in (60, 61)]
            missing = [path.name for path in paths if not path.is_file()]
            if missing:
                raise UserError(f"{archive}: {', '.join(missing)} is missing; give the archive of all 28 files")
            yield from _takes(trial, [bvh.read(path) for path in paths])


def split_of(trial: int) -> Split:
    """The split a trial belongs to: whole trials are held out."""
    return "test" if trial in _TEST else "val" if trial in _VAL else "train"


def _texts(name: str, trial: int) -> tuple[str, ...]:
    """Sentences that are true of a take."""
    if name == "salsa_04a":
        return _APPROACH
    held = "They hold hands most of the time while they dance salsa."
    turning = "Each of the two people turns around while they dance salsa."
    return _DANCE + (held,) * (trial in _HOLD_MOSTLY) + (turning,) * (trial in _BOTH_TURN)


def _takes(trial: int, files: list[bvh.Bvh]) -> Iterator[LandmarkMotion]:
    """The one or two takes of a trial, named salsa_NN or salsa_NNa, salsa_NNb."""
    lead = mend_spans(files[0], range(len(files[0].names)), *_MEND[trial]) if trial in _MEND else files[0]
    lead, follow = correct_hands(lead, (60, trial)), correct_hands(files[1], (61, trial))
    positions, orientations = map(np.stack, zip(*map(_in_world, (lead, follow)), strict=True))
    n_frames = positions.shape[1]
    weight = np.ones(positions.shape[:-1], np.float32)
    start, end = _HEAD_WRONG.get(trial, (0, 0))
    weight[0, start:end, _HEAD] = 0.0
    cut = _CUT.get(trial, (n_frames, n_frames))
    spans = [(max(SETTLING, a), b) for a, b in ((0, cut[0]), (cut[1], n_frames)) if b - max(SETTLING, a) > TRUE_FPS]
    for suffix, (a, b) in zip(("a", "b") if len(spans) > 1 else ("",), spans, strict=True):
        name = f"salsa_{trial:02d}{suffix}"
        yield LandmarkMotion(
            name=name,
            names=tuple(LANDMARKS),
            positions=positions[:, a:b:EVERY],
            weight=weight[:, a:b:EVERY],
            orientations=orientations[:, a:b:EVERY],
            fps=TRUE_FPS / EVERY,
            texts=_texts(name, trial),
            split=split_of(trial),
        )


def correct_hands(file: bvh.Bvh, take: tuple[int, int]) -> bvh.Bvh:
    """Repair the joints of a (subject, trial) that are turned wrong."""
    for name, first, last in _BRIDGE.get(take, ()):
        file = mend_spans(file, [file.names.index(name)], first, last)
    if take in _STRAIGHT:
        rotations = file.rotations.copy()
        rotations[:, file.names.index(_STRAIGHT[take])] = np.eye(3)
        file = dataclasses.replace(file, rotations=rotations)
    if take in _HALF_TURN:
        name, first, end = _HALF_TURN[take]
        joint, rotations = file.names.index(name), file.rotations.copy()
        rotations[first:end, joint] @= np.diag([1.0, -1.0, -1.0])
        file = dataclasses.replace(file, rotations=rotations)
        for edge in filter(None, (first, end)):
            file = mend_spans(file, [joint], edge - _EDGE, edge + _EDGE)
    return file


def mend_spans(file: bvh.Bvh, joints: Iterable[int], first: int, last: int) -> bvh.Bvh:
    """Interpolate the rotations of joints over the bad frames first..last, with the root's also its position."""
    ends, bad = np.array([first - 1, last + 1]), np.arange(first, last + 1)
    rotations, root = file.rotations.copy(), file.root.copy()
    for joint in joints:
        rotations[bad, joint] = Slerp(ends, Rotation.from_matrix(file.rotations[ends, joint]))(bad).as_matrix()
        for axis in range(3) if file.parents[joint] < 0 else ():
            root[bad, axis] = np.interp(bad, ends, file.root[ends, axis])
    return dataclasses.replace(file, rotations=rotations, root=root)


def _in_world(file: bvh.Bvh) -> tuple[np.ndarray, np.ndarray]:
    """Landmark positions [T, N, 3] in metres and orientations [T, N, 3, 3], z up, on the floor by itself."""
    positions, orientations = bvh.forward_kinematics(file.parents, file.offsets, file.rotations, file.root)
    index = [file.names.index(name) for name in LANDMARKS.values()]
    positions = SCALE * positions[:, index] @ _Y_UP_TO_Z_UP.T
    positions[..., 2] -= np.median(positions[SETTLING:, _FEET, 2].min(axis=1))
    return positions, _Y_UP_TO_Z_UP @ orientations[:, index]
