"""How good a motion looks, in units that a person reads: trembling, sliding feet, floating, bodies in each other. Of
the first estimate and of the result in a number each, and of any motion over the time of its clip."""

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.sdf import pose_field
from sm_jax.body.skeleton import FOOT_JOINTS
from sm_jax.energies.contact import distances
from sm_jax.energies.penetration import SLACK, depths
from sm_jax.export.npz import MotionFile
from sm_jax.geometry.camera import project_points
from sm_jax.motion.foot_contact import foot_contact, ground_height
from sm_jax.motion.frames import map_frames, map_observation, pad, pad_motion
from sm_jax.motion.resample import resample_on_host
from sm_jax.motion.slerp_fill import fill_hidden
from sm_jax.types import Array, ContactTargets, Motion, Observation

STANDS = 0.5  # of a foot's contact: from here on it stands
_MM = 1000.0
_SAME = 0.03  # relative difference that is none


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measure:
    """What one number of a motion says, which is best small. label: for a table.  meaning: what it is and where it
    should go.  nothing: what is less, is none."""

    label: str
    unit: str
    meaning: str
    nothing: float


MEASURES = {
    "jitter": Measure(
        label="Trembling",
        unit="m/s³",
        meaning="how abruptly joints speed up and slow down (mean jerk): trembling makes it large, fast movement too",
        nothing=0.5,
    ),
    "foot_sliding": Measure(
        label="Sliding feet",
        unit="mm/s",
        meaning="how fast feet glide over the floor while they stand: 0 is not at all",
        nothing=1.0,
    ),
    "feet_off_floor": Measure(
        label="Feet off the floor",
        unit="mm",
        meaning="how far soles of standing feet are above or below the one floor of both people: 0 is on it",
        nothing=1.0,
    ),
    "penetration": Measure(
        label="Bodies in each other",
        unit="mm",
        meaning="the deepest place of one skin in the other, of some hundred points on each; flesh gives way by 5 mm",
        nothing=1.0,
    ),
    "penetration_time": Measure(
        label="… for how long",
        unit="s",
        meaning="time in which any of these points is more than 5 mm in the other body",
        nothing=0.01,
    ),
    "off_picture": Measure(
        label="Off the picture",
        unit="px",
        meaning="how far the bodies' keypoints are from where they were detected, mean by the detectors' confidence;"
        " what was seen wrongly should not be followed",
        nothing=0.1,
    ),
}

OVER_TIME = {name: MEASURES[name] for name in ("off_picture", "penetration", "foot_sliding", "jitter")} | {
    "contact_distance": Measure(
        label="Contacts apart",
        unit="mm",
        meaning="how far regions that are said to touch are from each other, mean by how sure that is",
        nothing=1.0,
    )
}


def first_estimate(observation: Observation, time: np.ndarray) -> Motion:
    """The motion that the models start from, its gaps filled by interpolation, at moments of the clip.

    time: [N] ascending seconds, the first of which is that of the observation's first frame. Returns a motion [P, N] of
    host arrays.
    """
    motion = map_frames(observation.motion, np.asarray)
    visibility, mask = np.asarray(observation.visibility), np.asarray(observation.frame_mask)
    filled = fill_hidden(pad_motion(motion), pad(visibility, 1, "constant"), pad(mask, 0, "constant"))
    return resample_on_host(filled, (time - time[0]) * float(observation.fps))


def before_and_after(body: smpl.Body, observation: Observation, content: MotionFile) -> dict[str, dict[str, Any]]:
    """Every one of MEASURES with its unit and meaning, its value `before`, of the first estimate with its gaps filled,
    and `after`, of the result, and `in_words` what became of it.

    Both are read at the observation's frames from the result's, so that neither is smoother for the reading.
    """
    before, after = (
        measure(body, in_frames_of(observation, content.time, motion), observation)
        for motion in (first_estimate(observation, content.time), content.motion)
    )
    return {
        name: {
            "unit": kind.unit,
            "meaning": kind.meaning,
            "before": before[name],
            "after": after[name],
            "in_words": in_words(before[name], after[name], kind),
        }
        for name, kind in MEASURES.items()
    }


def in_frames_of(observation: Observation, time: np.ndarray, motion: Motion) -> Motion:
    """A motion whose frames are at times [N], the first of which is that of the observation's first frame, in the
    observation's frames: [P, T]."""
    seconds = np.arange(observation.visibility.shape[1]) / float(observation.fps)
    return resample_on_host(motion, np.interp(seconds, time - time[0], np.arange(len(time))))


def in_words(before: float | None, after: float | None, kind: Measure) -> str:
    """What became of a number that is best small."""
    if before is None or after is None:
        return "cannot be said: nothing to measure"
    if max(before, after) < kind.nothing:
        return "none"
    if after < kind.nothing:
        return "gone"
    if before < kind.nothing:
        return "new"
    ratio = after / before
    if abs(ratio - 1) < _SAME:
        return "as before"
    if ratio <= 0.5:
        return f"{1 / ratio:.1f} times less"
    return f"{1 - ratio:.0%} less" if ratio < 1 else f"{ratio - 1:.0%} more" if ratio < 2 else f"{ratio:.1f} times more"


def measure(body: smpl.Body, motion: Motion, observation: Observation) -> dict[str, float | None]:
    """Every one of MEASURES of a motion [P, T] in the frames of an observation. None where a clip has nothing to
    measure: too few frames, no foot that stands, nothing seen."""
    found, fps = _read(body, motion, observation), float(observation.fps)
    soles, confidence = found.soles, np.asarray(observation.keypoint_confidence)
    return {
        "jitter": _mean(found.jerk),
        "foot_sliding": _mean(_MM * found.glide[found.glides]),
        "feet_off_floor": _mean(_MM * np.abs(soles - np.median(soles.min(axis=-1)))[found.stands]),
        "penetration": _MM * max(float(found.depth.max()), 0.0),
        "penetration_time": float((found.depth.max(axis=(0, 2)) > SLACK).sum() / fps),
        "off_picture": float(np.average(found.off, weights=confidence)) if confidence.any() else None,
    }


def measure_over_time(
    body: smpl.Body, motion: Motion, observation: Observation, contacts: ContactTargets
) -> dict[str, np.ndarray]:
    """Every one of OVER_TIME of a motion [P, T] in each frame [T] of an observation; NaN where there is nothing to
    measure. contacts: [C, T] what is said to touch."""
    found, frames = _read(body, motion, observation), motion.pelvis.shape[1]
    confidence = np.asarray(observation.keypoint_confidence)
    return {
        "off_picture": _mean_by(found.off, confidence, (0, 2)),
        "penetration": _MM * np.maximum(found.depth.max(axis=(0, 2)), 0.0),
        "foot_sliding": _padded(_mean_by(_MM * found.glide, found.glides, (0, 2)), frames),
        "jitter": _padded(_mean_by(found.jerk, np.ones_like(found.jerk), (0, 2)), frames),
        "contact_distance": contact_distances(body, motion, contacts),
    }


def contact_distances(body: smpl.Body, motion: Motion, contacts: ContactTargets) -> np.ndarray:
    """Millimetres [T] by which regions that are said to touch are apart in each frame of a motion [P, T], mean by how
    sure that is; NaN where nothing is said to. contacts: [C, T]."""
    apart, exists = jax.device_get(_apart(body, pad_motion(motion), contacts))
    weight = np.asarray(contacts.weight).T * exists
    return _mean_by(_MM * np.maximum(apart[: len(weight)], 0.0), weight, 1)


def _mean_by(values: np.ndarray, weights: np.ndarray, axes: int | tuple[int, ...]) -> np.ndarray:
    """Weighted mean over axes, NaN where nothing has weight."""
    total = weights.sum(axis=axes)
    return np.where(total > 0, (values * weights).sum(axis=axes), np.nan) / np.where(total > 0, total, 1.0)


def _padded(values: np.ndarray, frames: int) -> np.ndarray:
    """What was read between frames [≤ T], at the frame in their middle; NaN at both ends."""
    before = (frames - len(values)) // 2
    return np.pad(values.astype(np.float64), (before, frames - len(values) - before), constant_values=np.nan)


class _Reading(NamedTuple):
    """What the measures are made of. jerk: [P, T-3, J] m/s³.  stands: [P, T, 4] of feet.  glide: [P, T-1, 4] m/s along
    the floor, of which those count that stand all the while, glides.  soles: [P, T, 4] heights.  depth: [P, T, S] of
    surface points in the other body.  off: [P, T, K] pixels from the detected keypoints."""

    jerk: np.ndarray
    stands: np.ndarray
    glide: np.ndarray
    glides: np.ndarray
    soles: np.ndarray
    depth: np.ndarray
    off: np.ndarray


def _read(body: smpl.Body, motion: Motion, observation: Observation) -> _Reading:
    fps, frames = float(observation.fps), motion.pelvis.shape[1]
    padded = map_observation(observation, lambda x, axis: pad(np.asarray(x), axis))
    padded = dataclasses.replace(padded, frame_mask=pad(np.asarray(observation.frame_mask), 0, "constant"))
    found = jax.device_get(_measured(body, pad_motion(motion), padded))
    joints, contact, soles, depth, off = (x[:, :frames] for x in found)
    stands = contact >= STANDS
    return _Reading(
        jerk=np.linalg.norm(np.diff(joints, 3, axis=1), axis=-1) * fps**3,
        stands=stands,
        glide=np.linalg.norm(np.diff(joints[:, :, np.array(FOOT_JOINTS), :2], axis=1), axis=-1) * fps,
        glides=stands[:, 1:] & stands[:, :-1],
        soles=soles,
        depth=depth,
        off=off,
    )


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if values.size else None


@jax.jit
def _measured(body: smpl.Body, motion: Motion, observation: Observation) -> tuple[Array, ...]:
    """joints [P, T, J, 3]; contact with the floor [P, T, 4] of the feet, and the height of their soles over z = 0;
    depth [P, T, S] of surface points in the other body; distance [P, T, K] in pixels from the detected keypoints."""
    posed = smpl.pose(body, motion)
    level = jnp.stack([ground_height(joints[None], observation.frame_mask) for joints in posed.joints])
    contact = foot_contact(posed.joints, observation.fps, level)
    clearance = smpl.foot_clearance(body, posed.betas)[:, None]
    soles = posed.joints[..., np.array(FOOT_JOINTS), 2] - clearance
    depth = depths(smpl.surface_points(body, posed), pose_field(body, posed))
    pixels, _ = project_points(observation.camera, smpl.keypoints(body, posed))
    off = jnp.linalg.norm(pixels - observation.keypoints, axis=-1)
    return posed.joints, contact, soles, depth, off


@jax.jit
def _apart(body: smpl.Body, motion: Motion, contacts: ContactTargets) -> tuple[Array, Array]:
    """Metres [T, C] between regions that are said to touch, and whether there are any points of them [C]."""
    points = smpl.surface_points(body, smpl.pose(body, motion))
    return distances(points, body.surface_region, contacts)
