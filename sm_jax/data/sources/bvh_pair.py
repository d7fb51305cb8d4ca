"""Any two BVH files as a pair, or one as a single person: whatever rig, unit, axes and frame rate, found out and shown,
or given.

Both files of a pair must share one world and start together, as files of one recording do.
"""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from sm_jax.data.mocap import bvh, joint_names, rest_pose
from sm_jax.data.schema import LandmarkMotion, Split
from sm_jax.errors import UserError
from sm_jax.motion import resample

# Metres a file unit of what programs write; 1 inch / 0.45 is the unit of CMU's files.
UNITS = {"metres": 1.0, "centimetres": 0.01, "millimetres": 0.001, "inches": 0.0254, "CMU's unit": 0.0254 / 0.45}
ADULT = (1.45, 2.05)  # metres: statures that name a unit
ORDINARY = 1.70  # metres: the stature given to people in no usual unit
# Upper arm, forearm, thigh and shin together as a share of stature, on the packaged body
_LIMBS = 0.782
_RATES = (1.0, 2000.0)  # frames a second of any recording
_LOOKED_AT = 48  # frames that tell which joint is which
_SETTLING = 10  # frames in which a take may still come out of a T-pose
_FASTEST = 12.0  # m/s: a hand that is faster there is not a hand's motion
_RINGING = 0.3  # m/s: a hand that is slower there is at rest
UPS = {"x": (0, 1), "-x": (0, -1), "y": (1, 1), "-y": (1, -1), "z": (2, 1), "-z": (2, -1)}
# Of single people: metres of stature, metres above the lowest feet that are still floor, the part of the stature by
# which hips are over the feet of who stands, and degrees by which nobody leans, from feet to head, for most of a take.
_ANYBODY, _FLOOR, _STANDING, _LEANING = (1.2, 2.2), 0.15, 0.25, 50.0
_Take = tuple[np.ndarray, np.ndarray | None, np.ndarray]


@dataclasses.dataclass(frozen=True, kw_only=True)
class BvhReport:
    """What was found out about the files. maps: of the joints, one a file.  statures: metres, one a file.
    notes: sentences for the user."""

    maps: tuple[joint_names.JointMap, ...]
    scale: float
    up: str
    statures: tuple[float, ...]
    notes: tuple[str, ...]

    def text(self) -> str:
        """Printable: the mappings side by side, then the notes."""
        columns = [" | ".join([line, *(other.split("<- ", 1)[1] for other in others)]) for line, *others in
                   zip(*(map_.table().splitlines() for map_ in self.maps), strict=True)]  # fmt: skip
        return "\n".join([*columns, *self.notes])


def read(
    first: pathlib.Path,
    second: pathlib.Path,
    *,
    scale: float | None = None,
    up: str | None = None,
    fps: float | None = None,
    mapping: Mapping[str, str] | None = None,
    texts: Sequence[str] = (),
    split: Split = "test",
    name: str | None = None,
) -> tuple[LandmarkMotion, BvhReport]:
    """Read a pair of BVH files as landmarks at 30 fps, z up, in metres, on the floor together.

    scale: metres a file unit.  up: axis of the files that points up, one of UPS.  fps: frame rate.  What is None is
    found out: the unit from the length of limbs, the axis from where heads are over feet, the rate from the header.
    mapping: landmark -> joint, before every guess.  Raises UserError where something cannot be found out.
    """
    name = name or f"{first.stem}_{second.stem}"
    return _read((first, second), scale, up, fps, mapping, tuple(texts), split, name)


def read_single(
    path: pathlib.Path,
    *,
    scale: float | None = None,
    up: str | None = None,
    fps: float | None = None,
    mapping: Mapping[str, str] | None = None,
    texts: Sequence[str] = (),
    split: Split = "train",
    name: str | None = None,
) -> tuple[LandmarkMotion, BvhReport]:
    """Read one BVH file as landmarks [1, T] of a single person; else as `read`."""
    return _read((path,), scale, up, fps, mapping, tuple(texts), split, name or path.stem)


def fault(landmarks: LandmarkMotion, report: BvhReport) -> str | None:
    """What is wrong with the motion of a single person, so that nobody should learn from it; None if nothing is.

    Looked at are stature, whether the feet come back to one floor, whether the world is upright where the person
    stands, and whether hands are as fast as hands can be.
    """
    of = lambda name: landmarks.positions[0, :, landmarks.names.index(name)]  # noqa: E731
    ankles, wrists = ([of(f"{side}_{name}") for side in joint_names.SIDES] for name in ("ankle", "wrist"))
    lowest = np.min(ankles, axis=0)[:, 2]
    on_floor = np.mean(lowest < np.percentile(lowest, 5) + _FLOOR)
    standing = of("pelvis")[:, 2] - lowest > _STANDING * report.statures[0]
    line = of("head") - np.mean(ankles, axis=0)
    leaning = np.degrees(np.arccos(line[:, 2] / np.maximum(np.linalg.norm(line, axis=-1), 1e-9)))
    speed = landmarks.fps * np.percentile([np.linalg.norm(np.diff(x, axis=0), axis=-1) for x in wrists], 99)
    low, high = _ANYBODY
    if not low <= report.statures[0] <= high:
        return f"a stature of {report.statures[0]:.2f} m; give --scale"
    if on_floor < 0.5:
        return f"feet are on one floor in {100 * on_floor:.0f} % of the frames only"
    if standing.any() and np.median(leaning[standing]) > _LEANING:
        return f"the body leans by {np.median(leaning[standing]):.0f} degrees while standing; is --up right?"
    if speed > _FASTEST:
        return f"hands reach {speed:.0f} m/s; is --fps right?"
    return None


def _read(
    paths: Sequence[pathlib.Path],
    scale: float | None,
    up: str | None,
    fps: float | None,
    mapping: Mapping[str, str] | None,
    texts: tuple[str, ...],
    split: Split,
    name: str,
) -> tuple[LandmarkMotion, BvhReport]:
    """What `read` and `read_single` do."""
    people = _people(paths, mapping)
    notes = [note for person in people for note in person.file.notes]
    up = _up(people, notes) if up is None else up
    if up not in UPS:
        raise UserError(f"--up {up}: no such axis; one of {', '.join(UPS)}")
    metre = _scale(people, notes) if scale is None else scale
    rates = [person.file.fps if fps is None else fps for person in people]
    if not (0 < metre < np.inf and all(_RATES[0] <= rate <= _RATES[1] for rate in rates)):
        least, most = _RATES
        raise UserError(
            f"{paths[0]}: scale {metre:g} and {rates[0]:g} frames a second; give --scale above zero and --fps from"
            f" {least:g} to {most:g}"
        )
    start = max(person.settled(metre, rate) for person, rate in zip(people, rates, strict=True))
    if any(person.restored for person in people):
        notes.append("The wrist bone that cgspeed's conversion drops is put back.")
    if start:
        notes.append(f"The first {start} frames jump out of another pose: left out.")
    optional = [
        extra for extra in joint_names.OPTIONAL if all(person.map.index[extra] is not None for person in people)
    ]
    names = (*joint_names.LANDMARKS, *optional)
    takes = [
        person.landmarks(names, metre, _to_z_up(up), rate, start) for person, rate in zip(people, rates, strict=True)
    ]
    positions, orientations, weight = _together(takes, notes)
    feet = [i for i, landmark in enumerate(names) if landmark.endswith(("ankle", "foot", "toe"))]
    heights = np.where(weight[:, :, feet] > 0, positions[:, :, feet, 2], np.inf)
    landmarks = LandmarkMotion(
        name=name,
        names=names,
        positions=positions - np.array([0.0, 0.0, np.median(heights.min(axis=(0, 2)))]),
        weight=weight,
        orientations=orientations,
        fps=resample.FPS,
        texts=texts,
        split=split,
    )
    statures = tuple(person.stature * metre for person in people)
    maps = tuple(person.map for person in people)
    return landmarks, BvhReport(maps=maps, scale=metre, up=up, statures=statures, notes=tuple(notes))


def names_of(files: Sequence[tuple[pathlib.Path, pathlib.Path]]) -> list[str]:
    """What pairs of files are called: after both files, and after the first one's folder where that is not enough."""
    short = [f"{a.stem}_{b.stem}" for a, b in files]
    return [name if short.count(name) == 1 else f"{a.parent.name}_{name}".removeprefix("_")
            for name, (a, _) in zip(short, files, strict=True)]  # fmt: skip


class _Person:
    """One file: its joints in the world [T, N, 3] and [T, N, 3, 3], in file units and axes, and which are landmarks."""

    def __init__(self, path: pathlib.Path, file: bvh.Bvh, mapping: Mapping[str, str] | None):
        self.path, self.file = path, bvh.restore_wrists(file)
        self.restored = self.file is not file
        if self.restored:
            ends = {"wrist": "FingerBase", "hand": "HandIndex1_end"}
            hands = {
                f"{side}_{name}": f"{side.capitalize()}{end}"
                for side in joint_names.SIDES
                for name, end in ends.items()
            }
            mapping, file = hands | dict(mapping or {}), self.file
        offsets = file.offsets if file.moved is None else file.moved
        self.positions, self.turns = bvh.forward_kinematics(file.parents, offsets, file.rotations, file.root)
        frames = np.unique(np.linspace(0, len(self.positions) - 1, _LOOKED_AT).astype(int))
        self.map = joint_names.guess(file.names, file.parents, self.positions[frames], mapping, str(path))
        limbs = [self.bone(f"{side}_{a}", f"{side}_{b}") for side in joint_names.SIDES for a, b in
                 (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))]  # fmt: skip
        self.stature = 0.5 * float(np.sum(limbs)) / _LIMBS
        if self.stature == 0:
            raise UserError(f"{path}: arms and legs have no length; check the mapping, correct it with --map")

    def index(self, landmark: str) -> int:
        """The joint of a landmark that is there."""
        joint = self.map.index[landmark]
        assert joint is not None
        return joint

    def bone(self, a: str, b: str) -> float:
        """Median distance of two landmarks, in file units."""
        distance = np.linalg.norm(self.positions[:, self.index(a)] - self.positions[:, self.index(b)], axis=-1)
        return float(np.median(distance))

    def settled(self, metre: float, fps: float) -> int:
        """The first frame of the take itself: after the last one in which hands jump as no hand can, and after what
        rings of it, faster than the frames that follow."""
        hands = self.positions[: 2 * _SETTLING + 1, [self.index(f"{side}_wrist") for side in joint_names.SIDES]]
        speed = metre * fps * np.linalg.norm(np.diff(hands, axis=0), axis=-1).max(axis=-1)
        first, following = speed[:_SETTLING], speed[_SETTLING:]
        jump = first > _FASTEST
        if not jump.any():
            return 0
        rings = first > max(_RINGING, 3 * np.median(following)) if len(following) else jump
        return 1 + int(np.flatnonzero(rings | jump).max())

    def landmarks(self, names: tuple[str, ...], metre: float, to_z_up: np.ndarray, fps: float, start: int) -> _Take:
        """Positions [n, L, 3], orientations [n, L, 3, 3] and weight [L]; what is missing lies at the pelvis."""
        there = np.array([self.map.index[name] is not None for name in names])
        joints = [self.index(name if found else "pelvis") for name, found in zip(names, there, strict=True)]
        if len(self.positions) <= start:
            raise UserError(f"{self.path}: only {len(self.positions)} frames, in which the figure takes its place")
        at = start + resample.frame_positions(len(self.positions) - start, fps)
        positions = resample.read_points(self.positions[:, joints], at) @ to_z_up.T * metre
        still = np.tile(np.eye(3), (1, len(self.file.names), 1, 1))
        rest, _ = bvh.forward_kinematics(self.file.parents, self.file.offsets, still, np.zeros((1, 3)))
        figure = rest_pose.to_t_pose(
            {name: rest[0, self.index(name)] for name in names if self.map.index[name] is not None}
        )
        if figure is None:
            return positions, None, there.astype(np.float32)
        rest_figure = np.stack([figure.get(name, figure["head"]) for name in names])
        turns = to_z_up @ resample.read_rotations(self.turns[:, joints], at) @ rest_figure
        return positions, turns, there.astype(np.float32)


def _people(paths: Sequence[pathlib.Path], mapping: Mapping[str, str] | None) -> list[_Person]:
    """Both files, after a check of the mapping's words."""
    files = [bvh.read(path) for path in paths]
    known = {*joint_names.LANDMARKS, *joint_names.OPTIONAL}
    for landmark, joint in (mapping or {}).items():
        if landmark not in known:
            raise UserError(f"--map {landmark}={joint}: no such landmark; one of {', '.join(sorted(known))}")
        if all(joint_names.find_joint(file.names, joint) is None for file in files):
            where = f"no joint {joint} in {' or '.join(str(path) for path in paths)}"
            raise UserError(f"--map {landmark}={joint}: {where}; correct its name")
    return [_Person(path, file, mapping) for path, file in zip(paths, files, strict=True)]


def _together(takes: Sequence[_Take], notes: list[str]) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Positions [P, n, L, 3], orientations [P, n, L, 3, 3] if both have them, and weight [P, n, L]."""
    n_frames = min(len(positions) for positions, _, _ in takes)
    if any(len(positions) != n_frames for positions, _, _ in takes):
        lengths = " and ".join(f"{len(positions) / resample.FPS:.2f} s" for positions, _, _ in takes)
        notes.append(f"The files last {lengths}: cut to the shorter one.")
    turns = [R[:n_frames] for _, R, _ in takes if R is not None]
    if len(turns) < len(takes):
        notes.append("The rest pose is no standing figure: joints' rotations are not used, only their positions.")
    weight = np.stack([np.broadcast_to(w, (n_frames, len(w))) for _, _, w in takes]).astype(np.float32)
    positions = np.stack([x[:n_frames] for x, _, _ in takes])
    return positions, np.stack(turns) if len(turns) == len(takes) else None, weight


def _up(people: Sequence[_Person], notes: list[str]) -> str:
    """The axis along which heads are over feet."""
    rise = np.sum([np.mean(
        person.positions[:, person.index("head")]
        - 0.5 * (person.positions[:, person.index("left_ankle")] + person.positions[:, person.index("right_ankle")]),
        axis=0,
    ) / person.stature for person in people], axis=0)  # fmt: skip
    axis = int(np.argmax(np.abs(rise)))
    if abs(rise[axis]) < 1.5 * np.sort(np.abs(rise))[1]:
        raise UserError(f"{people[0].path}: people lie or bend too much to tell which axis points up; give --up y or z")
    up = f"{'-' if rise[axis] < 0 else ''}{'xyz'[axis]}"
    notes.append(f"Up is {up}, where the heads are (else give --up).")
    return up


def _to_z_up(up: str) -> np.ndarray:
    """The rotation that takes the axis to z; an y-up file's x stays."""
    axis, sign = UPS[up]
    z = sign * np.eye(3)[axis]
    x = np.eye(3)[1 if axis == 0 else 0]
    return np.stack([x, np.cross(z, x), z])


def _scale(people: Sequence[_Person], notes: list[str]) -> float:
    """Metres a file unit: the unit in which the people are adults, else the scale that makes them ordinary."""
    heights = [person.stature for person in people]
    if max(heights) > 1.6 * min(heights):
        units = " and ".join(f"{height:.4g}" for height in heights)
        raise UserError(
            f"{', '.join(str(person.path) for person in people)}: limbs of {units} units of stature: the files are in "
            "different units; give --scale after converting one of them"
        )
    mean = float(np.exp(np.mean(np.log(heights))))
    for unit, metre in UNITS.items():
        if ADULT[0] <= metre * mean <= ADULT[1]:
            notes.append(f"The unit is {unit}: people are {_both(heights, metre)} tall by their limbs (else --scale).")
            return metre
    metre = ORDINARY / mean
    notes.append(
        f"No usual unit makes adults of these people: with {metre:.4g} metres a unit they are {_both(heights, metre)} "
        "tall (else give --scale)."
    )
    return metre


def _both(heights: Sequence[float], metre: float) -> str:
    return " and ".join(f"{metre * height:.2f} m" for height in heights)
