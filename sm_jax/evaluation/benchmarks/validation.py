"""The validation suite: motion and cameras unlike those of a training, to see where a method makes estimates worse.

Nothing of a test split is in it. Windows of held-out motion are seen by the simulated observer: real pairs, made-up
ones, pairs put together of two people who never met, unusual cameras, and clips shorter than a window.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import FOOT_JOINTS
from sm_jax.data import codec
from sm_jax.data.augment import turn
from sm_jax.data.codec import Record
from sm_jax.data.schema import PairSequence, View
from sm_jax.data.simulator.random_camera import ANY_CLIP
from sm_jax.data.simulator.simulate import SimulatorConfig, simulate
from sm_jax.data.store import open_set
from sm_jax.evaluation.benchmarks.case import true_visibility
from sm_jax.evaluation.benchmarks.frozen import rounded
from sm_jax.evaluation.metrics.joints import interaction_error_mm, mpjpe_mm, pair_pa_mpjpe_mm
from sm_jax.evaluation.metrics.motion import jitter_m_s3
from sm_jax.evaluation.protocols import Row
from sm_jax.geometry import camera as cameras
from sm_jax.motion import windows
from sm_jax.motion.frames import map_frames, slice_observation
from sm_jax.motion.slerp_fill import SEEN
from sm_jax.types import Array, Motion, Observation

SHORT = (1, 8, 20)  # frames
DISTANCES = (1.1, 1.6, 2.5)  # metres between the pelvises, borders of the bins
LOW = 0.75  # metres from the lowest foot to a pelvis: nearer is a low posture
FARTHEST, NEAREST, STEP = 4.0, 0.6, 0.4  # metres: of people put beside one another, and between their floors
HARM = 3.0  # millimetres of pair PA-MPJPE above the raw estimate's: less is not told from chance
_SURE = 0.5  # keypoints count in the picture where the detector is so sure


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sight:
    """A window of true motion [P, T] in a group of the suite, and what was observed of it."""

    group: str
    truth: PairSequence
    observation: Observation

    @property
    def name(self) -> str:
        """Group and window."""
        return f"{self.group}: {self.truth.name}"


def make_suite(sets: Mapping[str, str], count: int, seed: int) -> list[Sight]:
    """The suite, about `count` windows of each group.

    sets: group -> a packaged set's name or the path of a prepared one; its validation split, or all of it where it has
    none but training (a set that nobody trains on), gives a group of that name where it shows two people. Everybody in
    them is put beside somebody else too. Raises UserError where there is no such set.
    """
    chance = np.random.default_rng(seed)
    kept = {name: list(_windows(_records(path), count, chance)) for name, path in sets.items()}
    pairs = {name: [w for w in found if w.present.all()] for name, found in kept.items()}
    people = [(w, p) for found in kept.values() for w in found for p in (0, 1) if w.present[p]]
    strangers = [beside(*_two(people, chance), chance) for _ in range(2 * count)]
    known = list(itertools.chain.from_iterable(pairs.values()))
    groups = {name: found for name, found in pairs.items() if found} | {"strangers": strangers}
    usual, unusual = SimulatorConfig(), SimulatorConfig(viewpoint=ANY_CLIP)
    suite = [_seen(group, w, usual, (seed, i)) for group, found in groups.items() for i, w in enumerate(found)]
    mixed = [(known if i % 2 else strangers)[i // 2 % min(len(known), len(strangers))] for i in range(count)]
    suite += [_seen("cameras", w, unusual, (seed + 1, i)) for i, w in enumerate(mixed)]
    whole = suite[:: max(1, len(suite) // 4)][:4]
    return suite + [_shortened(sight, frames) for frames in SHORT for sight in whole]


def beside(first: PairSequence, second: PairSequence, chance: np.random.Generator) -> PairSequence:
    """Person 0 of one window and person 0 of another, NEAREST to FARTHEST metres apart, in any heading, in every third
    case on floors of different height."""
    turned = [turn(w.motion, jnp.float32(chance.uniform(0, 2 * np.pi))) for w in (first, second)]
    distance, angle = chance.uniform(NEAREST, FARTHEST), chance.uniform(0, 2 * np.pi)
    rise = chance.uniform(-STEP, STEP) if chance.random() < 1 / 3 else 0.0
    place = np.array([[0, 0, max(-rise, 0)], [*distance * np.array([np.cos(angle), np.sin(angle)]), max(rise, 0)]])
    both = []
    for motion, to in zip(turned, place.astype(np.float32), strict=True):
        one = jax.tree.map(lambda x: np.asarray(x)[:1], motion)
        middle = np.median(one.pelvis[0], axis=0) * np.array([1, 1, 0], np.float32)
        both.append(dataclasses.replace(one, pelvis=one.pelvis - middle + to))
    return dataclasses.replace(
        first,
        name=f"{first.name} and {second.name}, {distance:.1f} m",
        source="strangers",
        motion=jax.tree.map(lambda *x: np.concatenate(x), *both),
        foot_contact=np.concatenate([first.foot_contact[:1], second.foot_contact[:1]]),
        present=np.ones(2, bool),
        contacts=(),
        texts=(),
    )


def alone(window: PairSequence, person: int) -> PairSequence:
    """The window with `person` as person 0."""
    order = [person, 1 - person]
    return dataclasses.replace(
        window,
        motion=jax.tree.map(lambda x: x[order], window.motion),
        present=window.present[order],
        foot_contact=window.foot_contact[order],
    )


class Judge:
    """Scores of motions of one sight; what depends on the truth alone is measured once."""

    def __init__(self, sight: Sight):
        self.sight, self.body = sight, load_body(sight.truth.body)
        self.joints = _joints(self.body, sight.truth.motion)
        seen = np.asarray(true_visibility(self.body, sight.truth.motion, sight.observation.camera))
        self.hidden = (seen < SEEN).astype(np.float64)

    def __call__(self, motion: Motion) -> Row:
        """Errors of a motion [P, T], in mm; pixels: of the sure keypoints, in thousandths of the picture's diagonal,
        of each person. Jitter needs four frames."""
        found, true = _joints(self.body, motion), self.joints
        row = {
            "pair_pa_mpjpe_mm": pair_pa_mpjpe_mm(found, true),
            "visible_mpjpe_mm": mpjpe_mm(found, true, 1.0 - self.hidden),
            "hidden_mpjpe_mm": mpjpe_mm(found, true, self.hidden),
            "interaction_mm": interaction_error_mm(found, true),
        }
        row |= {f"pixels_{p}": value for p, value in enumerate(pixel_errors(self.body, self.sight.observation, motion))}
        if found.shape[1] > 3:
            fps = self.sight.truth.fps
            row["jitter_over_truth"] = jitter_m_s3(found, fps) / jitter_m_s3(true, fps)
        return row

    @property
    def distance(self) -> str:
        """The bin of the median distance between the pelvises."""
        gap = float(np.median(np.linalg.norm(self.joints[0, :, 0] - self.joints[1, :, 0], axis=-1)))
        edges = (0.0, *DISTANCES)
        i = int(np.searchsorted(DISTANCES, gap))
        return f"{edges[i]}–{DISTANCES[i]} m" if i < len(DISTANCES) else f"beyond {DISTANCES[-1]} m"

    @property
    def posture(self) -> str:
        """Whether both are upright."""
        height = np.median(self.joints[:, :, 0, 2] - self.joints[:, :, FOOT_JOINTS, 2].min(axis=-1), axis=-1)
        return "low" if height.min() < LOW else "upright"


def pixel_errors(body: smpl.Body, seen: Observation, motion: Motion) -> list[float]:
    """How far each person's sure keypoints are from where a motion [P, T] puts them in the picture, in thousandths of
    its diagonal, in the mean; nan where none is sure."""
    apart = np.linalg.norm(np.asarray(_project(body, motion, seen.camera)) - seen.keypoints, axis=-1)
    sure = np.asarray(seen.keypoint_confidence) >= _SURE
    diagonal = float(np.linalg.norm(seen.camera.image_size))
    return [1e3 * float(a[s].mean()) / diagonal if s.any() else float("nan") for a, s in zip(apart, sure, strict=True)]


# Parts of a motion, of which one at a time is put back to the estimate's, to see which of them does harm.
PARTS = ("orient", "pose", "pelvis relative", "pelvis common")


def with_part_of(motion: Motion, estimate: Motion, part: str) -> Motion:
    """A motion [P, T] with one of PARTS as in the estimate. The common part of the pelvises is their mean."""
    if part == "orient":
        return dataclasses.replace(motion, global_orient=estimate.global_orient)
    if part == "pose":
        return dataclasses.replace(motion, body_pose=estimate.body_pose)
    ours, theirs = (np.asarray(m.pelvis) for m in (motion, estimate))
    common = (theirs - ours).mean(axis=0, keepdims=True)
    change = common if part == "pelvis common" else theirs - ours - common
    return dataclasses.replace(motion, pelvis=ours + change)


def summarise(rows: Mapping[str, Sequence[Row]], raw: str) -> dict[str, Any]:
    """Of each method: means; the share of clips in which it is better than the raw estimate; of its pair PA-MPJPE, the
    share of clips that it harms by more than HARM, and the worst excess over raw in mm."""
    found = {}
    for name, own in rows.items():
        columns = sorted({column for row in own for column in row})
        table = {c: np.array([row.get(c, np.nan) for row in own]) for c in columns}
        base = {c: np.array([row.get(c, np.nan) for row in rows[raw]]) for c in columns}
        excess = table["pair_pa_mpjpe_mm"] - base["pair_pa_mpjpe_mm"]
        pixels = np.concatenate([table[f"pixels_{p}"] - base[f"pixels_{p}"] for p in (0, 1)])
        found[name] = {c: _number(np.nanmean(x)) if np.isfinite(x).any() else None for c, x in table.items()} | {
            "better_share": _number((excess < 0).mean()),
            "harm_share": _number((excess > HARM).mean()),
            "harm_worst_mm": _number(excess.max()),
            "interaction_worse_share": _number((table["interaction_mm"] > base["interaction_mm"]).mean()),
            "pixels_worse_share": _number((pixels > 0).mean()),
        }
    return found


def _number(value: float | np.floating) -> float:
    return round(float(value), 3)


def _records(path: str) -> Sequence[Record]:
    records = open_set(path).records
    return records.get("val") or records["train"]


def _windows(records: Sequence[Record], count: int, chance: np.random.Generator) -> Iterator[PairSequence]:
    """`count` windows, from as many records as there are, at random places of them."""
    long = [r for r in records if len(r["pelvis"]) >= windows.LENGTH]
    order = chance.permutation(len(long))
    for i in range(count):
        record = long[order[i % len(long)]]
        start = int(chance.integers(len(record["pelvis"]) - windows.LENGTH + 1))
        window = codec.decode(record, start, start + windows.LENGTH)
        yield dataclasses.replace(window, name=f"{window.name}_from_{start}")


def _two(people: list[tuple[PairSequence, int]], chance: np.random.Generator) -> tuple[PairSequence, PairSequence]:
    """Two people of different windows."""
    first, second = chance.permutation(len(people))[:2]
    return alone(*people[first]), alone(*people[second])


def _seen(group: str, truth: PairSequence, config: SimulatorConfig, seed: tuple[int, int]) -> Sight:
    key = jax.random.fold_in(jax.random.key(seed[0]), seed[1])
    seen = rounded(jax.device_get(_simulate(key, truth.motion, load_body(truth.body), config)))
    return Sight(group=group, truth=dataclasses.replace(truth, views=(View(camera=seen.camera),)), observation=seen)


def _shortened(sight: Sight, frames: int) -> Sight:
    """The first frames of a window, as they were observed with it."""
    truth = dataclasses.replace(
        sight.truth,
        motion=map_frames(sight.truth.motion, lambda x: x[:, :frames]),
        foot_contact=sight.truth.foot_contact[:, :frames],
    )
    return Sight(
        group=f"{frames} frames", truth=truth, observation=slice_observation(sight.observation, slice(0, frames))
    )


@jax.jit
def _simulate(key: jax.Array, truth: Motion, body: smpl.Body, config: SimulatorConfig) -> Observation:
    return simulate(key, jax.tree.map(jnp.asarray, truth), body, config)


def _joints(body: smpl.Body, motion: Motion) -> np.ndarray:
    return np.asarray(_pose(body, jax.tree.map(jnp.asarray, motion)), np.float64)


@jax.jit
def _pose(body: smpl.Body, motion: Motion) -> Array:
    return smpl.pose(body, motion).joints


@jax.jit
def _project(body: smpl.Body, motion: Motion, camera: Any) -> Array:
    return cameras.project_points(camera, smpl.keypoints(body, smpl.pose(body, motion)))[0]
