"""Figures that judge a fitted take."""

import dataclasses

import jax
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.sdf import pose_field
from sm_jax.body.skeleton import FOOT_JOINTS, JOINTS
from sm_jax.energies.penetration import depths
from sm_jax.fitting.mocap import hands
from sm_jax.fitting.mocap.joints import LINES, Targets
from sm_jax.motion.frames import pad_motion
from sm_jax.types import Array, Contact, Motion

DEEP = 50.0  # millimetres: deeper than this, one body is in the other, where less is a touch


@dataclasses.dataclass(frozen=True, kw_only=True)
class PenetrationReport:
    """How far the skins' surface points are in the other person. Lengths in millimetres.

    largest: the deepest point of the take.  mean: of the deepest point of each frame, zero where none is inside.
    deep: share of the frames in which a point is deeper than `DEEP`.
    """

    largest: float
    mean: float
    deep: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class FitReport:
    """How well a take was fitted. Lengths in millimetres. `before` is as measured, or fitted and nothing else.

    joint_error: joint -> median distance to its landmark (joint centres of the two skeletons differ by centimetres).
    line_error: median angle in degrees between fitted and measured bones.
    gap_before, gap_after: distance of the hands in hold spans.  hold_share: share of frames with a hold.
    skate_before, skate_after: horizontal speed in mm/s at the 25th percentile of all toes and frames.
    penetration_before, penetration_after: of the two people.
    """

    joint_error: dict[str, float]
    line_error: float
    gap_before: np.ndarray
    gap_after: np.ndarray
    hold_share: float
    skate_before: float
    skate_after: float
    penetration_before: PenetrationReport
    penetration_after: PenetrationReport


def make_report(
    body: smpl.Body, target: Targets, fitted: Motion, final: Motion, holds: tuple[Contact, ...], fps: float
) -> FitReport:
    """target and fitted: before anything was held.  final: the finished motion.  All [P, T], not padded."""
    joints, depth = zip(*(_play(body, motion) for motion in (fitted, final)), strict=True)
    measured, known = np.asarray(target.joints), np.asarray(target.joint_weight) > 0
    held = hands.held_frames(holds, measured.shape[1])
    before, after = (1e3 * hands.hand_gaps(x)[held] for x in joints)
    return FitReport(
        joint_error=_joint_error(joints[0], measured, known),
        line_error=_line_error(joints[0], measured, known),
        gap_before=before,
        gap_after=after,
        hold_share=float(held.any(axis=(1, 2)).mean()),
        skate_before=_skate(measured, fps),
        skate_after=_skate(joints[1], fps),
        penetration_before=_penetration(depth[0]),
        penetration_after=_penetration(depth[1]),
    )


@jax.jit
def _joints_and_depth(body: smpl.Body, motion: Motion) -> tuple[Array, Array]:
    posed = smpl.pose(body, motion)
    return posed.joints, depths(smpl.surface_points(body, posed), pose_field(body, posed)).max(axis=(0, 2))


def _play(body: smpl.Body, motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Joints [P, T, 24, 3], and the depth [T] in metres of the deepest point of each frame."""
    n_frames = motion.pelvis.shape[1]
    joints, depth = _joints_and_depth(body, pad_motion(motion))
    return np.asarray(joints)[:, :n_frames], np.asarray(depth)[:n_frames]


def _joint_error(fitted: np.ndarray, measured: np.ndarray, known: np.ndarray) -> dict[str, float]:
    # The floor moved the whole person: that is no error of the fit.
    offset = fitted - measured
    offset[..., 2] -= np.median(offset[:, :, FOOT_JOINTS, 2], axis=(1, 2))[:, None, None]
    error = 1e3 * np.linalg.norm(offset, axis=-1)
    return {n: float(np.median(error[:, :, j][known[:, :, j]])) for j, n in enumerate(JOINTS) if known[:, :, j].any()}


def _line_error(fitted: np.ndarray, measured: np.ndarray, known: np.ndarray) -> float:
    a, b = np.array(LINES).T
    unit = lambda x: x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-9)  # noqa: E731
    cosine = (unit(fitted[:, :, b] - fitted[:, :, a]) * unit(measured[:, :, b] - measured[:, :, a])).sum(-1)
    return float(np.degrees(np.median(np.arccos(np.clip(cosine[known[:, :, a] & known[:, :, b]], -1, 1)))))


def _skate(joints: np.ndarray, fps: float) -> float:
    speed = np.linalg.norm(np.diff(joints[:, :, FOOT_JOINTS[2:], :2], axis=1), axis=-1) * fps
    return float(1e3 * np.percentile(speed, 25))


def _penetration(depth: np.ndarray) -> PenetrationReport:
    depth = 1e3 * np.maximum(depth, 0)
    return PenetrationReport(largest=float(depth.max()), mean=float(depth.mean()), deep=float((depth > DEEP).mean()))
