"""Footsteps: where and when each foot is set down for hips that travel a given way."""

import dataclasses

import numpy as np

from sm_jax.motion.resample import FPS
from sm_jax.synthetic.curves import ease

_LIMIT = 0.05  # metres of misplacement that a foot puts up with
_REACH = 0.38  # metres that a foot lands before the hips, at most
_TURN = 0.15  # metres a radian: how much a foot minds pointing the wrong way


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gait:
    """Style of walking. swing, double: seconds with one foot in the air and with both on the ground.
    width: metres from the middle to each ankle.  splay: radians that feet turn out.  lift: metres.
    stagger: metres that the left foot stands before the middle, and the right one behind it.
    first: the foot that starts, 0 left, 1 right."""

    swing: float = 0.45
    double: float = 0.12
    width: float = 0.1
    splay: float = 0.12
    lift: float = 0.07
    stagger: float = 0.0
    first: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Feet:
    """Tracks of the feet, [T, side]. place: [T, side, 2] metres under the ankle.  yaw, pitch (heel up positive, about
    the toes; toes up negative, about the heel): radians.  lift: metres.  air: in [0, 1], whether the foot is up."""

    place: np.ndarray
    yaw: np.ndarray
    pitch: np.ndarray
    lift: np.ndarray
    air: np.ndarray


def walk(way: np.ndarray, heading: np.ndarray, gait: Gait) -> Feet:
    """Steps for hips on a way [T, 2] with a heading [T] (unwrapped).

    A foot stays until it would be out of place in the middle of its next stance; then it swings there. Walking,
    shuffling, side steps, turning on the spot and the closing step all follow from that.
    """
    count = len(way)
    hurry = _hurry(way)
    out = np.array([1.0, -1.0])
    left = np.stack([-np.sin(heading), np.cos(heading)], axis=-1)
    forward = np.stack([left[:, 1], -left[:, 0]], axis=-1)
    wanted = gait.width * left[:, None] + gait.stagger * forward[:, None]
    wanted = way[:, None] + out[None, :, None] * wanted  # [T, side, 2]
    wanted_yaw = heading[:, None] + gait.splay * out
    place, yaw = np.repeat(wanted[:1], count, axis=0), np.repeat(wanted_yaw[:1], count, axis=0)
    pitch, lift, air = (np.zeros((count, 2)) for _ in range(3))
    free, turn = 0, gait.first
    for frame in range(count):
        if frame < free:
            continue
        swing, double = (max(round(x * hurry[frame] * FPS), n) for x, n in ((gait.swing, 5), (gait.double, 1)))
        aim = min(frame + swing + double + swing // 2, count - 1)
        further = way[aim] - way[min(frame + swing, count - 1)]
        further *= min(1.0, _REACH / max(np.linalg.norm(further), 1e-9)) - 1.0
        step = wanted[aim] + further - place[frame]
        wrong = np.linalg.norm(step, axis=-1) + _TURN * np.abs(wanted_yaw[aim] - yaw[frame])
        foot = turn if wrong[turn] > _LIMIT else 1 - turn
        if wrong[foot] <= _LIMIT:
            continue
        u = np.clip((np.arange(frame, count) - frame) / swing, 0.0, 1.0)
        rest = slice(frame, count)
        moved = ease(u)
        place[rest, foot] = place[frame, foot] + moved[:, None] * step[foot]
        yaw[rest, foot] = yaw[frame, foot] + moved * (wanted_yaw[aim, foot] - yaw[frame, foot])
        size = min(np.linalg.norm(step[foot]) / 0.6, 1.0)
        ahead_of = step[foot] @ np.array([np.cos(heading[frame]), np.sin(heading[frame])])
        air[rest, foot] = np.where(u < 1.0, np.sin(np.pi * u) ** 2, 0.0)
        lift[rest, foot] = (0.4 + 0.6 * size) * gait.lift * air[rest, foot]
        _roll(pitch[:, foot], frame, swing, double, size * np.sign(ahead_of) if abs(ahead_of) > 0.1 else 0.0)
        free, turn = frame + swing + double, 1 - foot
    return Feet(place=place, yaw=yaw, pitch=pitch, lift=lift, air=air)


def _hurry(way: np.ndarray) -> np.ndarray:
    """How long steps take [T] on a way [T, 2], 1 at an easy walk: who walks faster also takes quicker steps."""
    ahead = np.linalg.norm(way[np.minimum(np.arange(len(way)) + 15, len(way) - 1)] - way, axis=-1) * FPS / 15
    return np.clip(1.15 - 0.2 * ahead, 0.82, 1.15)


def _roll(pitch: np.ndarray, start: int, swing: int, double: int, size: float) -> None:
    """The foot rolls off over its toes before it leaves the ground and lands heel first; backwards it does neither."""
    if size <= 0.0:
        return
    since = np.arange(len(pitch)) - start
    off = ease(since / (double + 0.45 * swing) + 1.0) * (1.0 - ease(since / (0.55 * swing)))
    strike = ease((since - 0.4 * swing) / (0.5 * swing)) * (1.0 - ease((since - 0.9 * swing) / (0.1 * swing + double)))
    pitch += size * (0.55 * off - 0.28 * strike)
