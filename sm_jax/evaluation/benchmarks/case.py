"""What a benchmark consists of: clips as they were observed, each of which scores a motion."""

import dataclasses
from collections.abc import Callable

import jax
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.capsules import capsules
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import FOOT_JOINTS
from sm_jax.data.schema import PairSequence, View
from sm_jax.evaluation.metrics.joints import mpjpe_mm, world_mpjpe_mm
from sm_jax.evaluation.metrics.motion import acceleration_error_mm, foot_sliding_mm, standing
from sm_jax.evaluation.metrics.sanity import SanityMetrics
from sm_jax.evaluation.metrics.world import w_mpjpe_mm, wa_mpjpe_mm
from sm_jax.evaluation.protocols import Row
from sm_jax.evaluation.score import pose_for_metrics
from sm_jax.motion.slerp_fill import SEEN
from sm_jax.motion.visibility import joint_visibility
from sm_jax.types import Array, Camera, Motion, Observation

Score = Callable[[Motion], Row]  # of a motion [P, T] in the observation's world


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One clip as one camera saw it.

    take: what it was cut from; clips of one take are alike.  level: how hard it is to see.  body: name of the
    observation's.  observation: None where the front-end found no two people.  scorer: makes its score, which may take
    seconds.
    """

    name: str
    take: str
    level: str
    body: str
    observation: Observation | None
    scorer: Callable[[], Score]


def make_case(sequence: PairSequence, view: View, level: str, take: str, scorer: Callable[[], Score]) -> Case:
    """The case of one view of a sequence."""
    return Case(
        name=f"{sequence.name}, {level}",
        take=take,
        level=level,
        body=sequence.body,
        observation=view.observation,
        scorer=scorer,
    )


def in_true_world(motion: Motion, seen: Camera, true: Camera) -> Motion:
    """A motion in a front-end's own world, as `seen` shows it there, in the world of the true camera: what is 3 m in
    front of the one camera stands 3 m in front of the other."""
    back = np.swapaxes(np.asarray(true.R, np.float64), -1, -2)
    R = back @ np.asarray(seen.R, np.float64)
    t = np.einsum("tij,tj->ti", back, np.asarray(seen.t, np.float64) - np.asarray(true.t, np.float64))
    return dataclasses.replace(
        motion,
        global_orient=(R @ motion.global_orient).astype(np.float32),
        pelvis=(np.einsum("tij,ptj->pti", R, motion.pelvis) + t).astype(np.float32),
    )


class TrueBodies:
    """Scores of motions against true bodies, which one camera saw; what depends on the truth alone is measured once."""

    def __init__(self, sequence: PairSequence, view: View):
        if view.observation is None:
            raise ValueError(f"{sequence.name}: nothing was observed")
        self.body, self.seen, self.camera = load_body(sequence.body), view.observation.camera, view.camera
        self.truth = pose_for_metrics(self.body, sequence.motion, sequence.fps)
        self.hidden = (np.asarray(true_visibility(self.body, sequence.motion, view.camera)) < SEEN).astype(np.float64)
        self.guards = SanityMetrics(self.truth)

    def __call__(self, motion: Motion) -> Row:
        """Joints are the 24 of SMPL. Hidden are those that the other body, or the picture's border, hides from the true
        camera: by the true bodies, whatever the front-end thought. MPJPE is relative to each person's pelvis; world
        MPJPE is without any alignment, in the true camera's world."""
        predicted = pose_for_metrics(self.body, in_true_world(motion, self.seen, self.camera), self.truth.fps)
        found, true = predicted.joints["smpl"], self.truth.joints["smpl"]
        stands = standing(true[:, :, FOOT_JOINTS], self.truth.fps)
        return {
            "hidden_mpjpe_mm": mpjpe_mm(found, true, self.hidden),
            "visible_mpjpe_mm": mpjpe_mm(found, true, 1.0 - self.hidden),
            "world_mpjpe_mm": world_mpjpe_mm(found, true),
            "w_mpjpe_mm": w_mpjpe_mm(found, true),
            "wa_mpjpe_mm": wa_mpjpe_mm(found, true),
            "acceleration_error_mm": acceleration_error_mm(found, true),
            "foot_sliding_mm": foot_sliding_mm(found[:, :, FOOT_JOINTS], stands),
        } | self.guards(predicted)


@jax.jit
def true_visibility(body: smpl.Body, motion: Motion, camera: Camera) -> Array:
    """Visibility [P, T, J] of a motion's joints, past the other body and the picture's border."""
    posed = smpl.pose(body, motion)
    return joint_visibility(posed.joints, capsules(body, posed), jax.tree.map(jax.numpy.asarray, camera))
