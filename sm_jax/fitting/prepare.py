"""From a reader's landmarks to a finished `PairSequence`: fit, floor, hands, contacts, and figures that judge them."""

import dataclasses

import jax
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.skeleton import FOOT_JOINTS, JOINTS
from sm_jax.data.schema import Landmarks, PairSequence
from sm_jax.fitting import hands, joints
from sm_jax.fitting.floor import contact_on_floor, stand

# cgspeed's Daz figure. Its toe landmark is the tip; SMPL's foot joint lies at the toes' roots.
DAZ_POSITIONS = {
    "pelvis": {"left_hip": 0.5, "right_hip": 0.5}, "neck": {"neck": 1.0}, "head": {"head": 1.0},
    **{f"{side}_{name}": {f"{side}_{name}": 1.0} for side in ("left", "right")
       for name in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist", "hand")},
    **{f"{side}_foot": {f"{side}_ankle": 0.2, f"{side}_toe": 0.8} for side in ("left", "right")},
}  # fmt: skip
DAZ_ORIENTATIONS = {
    "pelvis": "pelvis", "spine3": "chest", "neck": "neck", "head": "head",
    **{f"{side}_{name}": f"{side}_{name}" for side in ("left", "right")
       for name in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")},
}  # fmt: skip

_BUCKET = 512  # takes are padded to a multiple of this, so that they share compiled programs


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """How well a take was fitted. Lengths in millimetres.

    joint_error: joint -> median distance to its landmark (joint centres of the two skeletons differ by centimetres).
    line_error: median angle in degrees between fitted and measured bones.
    gap_before, gap_after: distance of the hands in hold spans.  hold_share: share of frames with a hold.
    skate_before, skate_after: horizontal speed in mm/s at the 25th percentile of all toes and frames.
    """

    joint_error: dict[str, float]
    line_error: float
    gap_before: np.ndarray
    gap_after: np.ndarray
    hold_share: float
    skate_before: float
    skate_after: float


def prepare(body: smpl.Body, landmarks: Landmarks) -> tuple[PairSequence, Report]:
    """Fit both people of a take of the Daz figure to the body, set them on the floor and close their hands."""
    n_frames = landmarks.positions.shape[1]
    target = _padded(joints.targets(landmarks, DAZ_POSITIONS, DAZ_ORIENTATIONS))
    betas = joints.estimate_betas(body, target)
    motion, _ = joints.fit(body, target, betas)
    motion = stand(body, motion)
    fitted = np.asarray(smpl.pose(body, motion).joints)
    holds = hands.find_holds(fitted[:, :n_frames], landmarks.fps)
    weight = np.pad(hands.ramped(holds, landmarks.fps), ((0, fitted.shape[1] - n_frames), (0, 0), (0, 0)))
    motion = hands.close_hands(body, motion, weight)
    closed = np.asarray(smpl.pose(body, motion).joints)[:, :n_frames]
    gap = hands.hand_gaps(closed)
    foot_contact = contact_on_floor(body, motion, landmarks.fps)
    cut = jax.tree.map(np.asarray, motion)
    sequence = PairSequence(
        name=landmarks.name,
        motion=dataclasses.replace(
            cut,
            global_orient=cut.global_orient[:, :n_frames],
            body_pose=cut.body_pose[:, :n_frames],
            pelvis=cut.pelvis[:, :n_frames],
        ),
        foot_contact=np.asarray(foot_contact)[:, :n_frames],
        hand_contact=holds * (gap < hands.TOUCH),
        fps=landmarks.fps,
        text=landmarks.text,
        split=landmarks.split,
    )
    return sequence, _report(target, fitted[:, :n_frames], closed, holds, landmarks.fps)


def _padded(target: joints.Targets) -> joints.Targets:
    """Repeat the last frame, without weight, up to a multiple of _BUCKET frames."""
    extra = -target.joints.shape[1] % _BUCKET
    pad = lambda x, mode: np.pad(x, [(0, 0), (0, extra)] + [(0, 0)] * (x.ndim - 2), mode=mode)  # noqa: E731
    return joints.Targets(
        joints=pad(target.joints, "edge"),
        joint_weight=pad(target.joint_weight, "edge"),
        R_world_joint=pad(target.R_world_joint, "edge"),
        rotation_weight=pad(target.rotation_weight, "edge"),
    )


def _report(target: joints.Targets, fitted: np.ndarray, closed: np.ndarray, holds: np.ndarray, fps: float) -> Report:
    measured, known = (np.asarray(x)[:, : fitted.shape[1]] for x in (target.joints, target.joint_weight))
    # The floor moved the whole person: that is no error of the fit.
    offset = fitted - measured
    offset[..., 2] -= np.median(offset[:, :, FOOT_JOINTS, 2], axis=(1, 2))[:, None, None]
    error = 1e3 * np.linalg.norm(offset, axis=-1)
    a, b = np.array(joints.LINES).T
    unit = lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True)  # noqa: E731
    cosine = (unit(fitted[:, :, b] - fitted[:, :, a]) * unit(measured[:, :, b] - measured[:, :, a])).sum(-1)
    before, after = (1e3 * hands.hand_gaps(x)[holds > 0] for x in (fitted, closed))
    return Report(
        joint_error={name: float(np.median(error[:, :, j])) for j, name in enumerate(JOINTS) if known[:, :, j].any()},
        line_error=float(np.degrees(np.median(np.arccos(np.clip(cosine, -1, 1))))),
        gap_before=before,
        gap_after=after,
        hold_share=float(holds.any(axis=(1, 2)).mean()),
        skate_before=_skate(measured, fps),
        skate_after=_skate(closed, fps),
    )


def _skate(joints: np.ndarray, fps: float) -> float:
    speed = np.linalg.norm(np.diff(joints[:, :, FOOT_JOINTS[2:], :2], axis=1), axis=-1) * fps
    return float(1e3 * np.percentile(speed, 25))
