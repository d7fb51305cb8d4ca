"""Each view of the four-view clip alone, judged by the three others.

There are no true bodies, so two things are measured: how far the result's keypoints fall, in each camera that it has
not seen, from what the front-end found there; and how far its joints are from the triangulated reference, which is good
to 30-50 mm itself. The guards take the body that was fitted to that reference for the truth. The people do not touch.
"""

import jax
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.data.schema import PairSequence, View
from sm_jax.evaluation.benchmarks.case import Case, in_true_world, make_case
from sm_jax.evaluation.benchmarks.frozen import FOUR_VIEWS, VIEWS, load
from sm_jax.evaluation.benchmarks.reference_clip import ReferenceClip, load_clip
from sm_jax.evaluation.metrics.joints import mpjpe_mm, world_mpjpe_mm
from sm_jax.evaluation.metrics.sanity import SanityMetrics
from sm_jax.evaluation.protocols import Row
from sm_jax.evaluation.score import pose_for_metrics
from sm_jax.geometry import camera as pinhole
from sm_jax.geometry import distortion
from sm_jax.types import Array, Camera, Motion

BODY = slice(5, 17)  # of COCO's 17 keypoints: no face
HIPS = (6, 7)  # of the body's
CONFIDENT = 0.5  # a front-end's keypoints count where it is at least so sure


def cases() -> list[Case]:
    """The clip as each of its cameras saw it."""
    (sequence,), clip = load(FOUR_VIEWS), load_clip()
    return [
        make_case(sequence, view, level, f"view {v}", lambda v=v: OtherViews(sequence, clip, v))
        for v, (view, level) in enumerate(zip(sequence.views, VIEWS[FOUR_VIEWS], strict=True))
    ]


class OtherViews:
    """Scores of motions that one view has given."""

    def __init__(self, sequence: PairSequence, clip: ReferenceClip, view: int):
        self.body, self.clip, self.view = load_body(sequence.body), clip, view
        self.views = sequence.views
        self.guards = SanityMetrics(pose_for_metrics(self.body, clip.motion, sequence.fps))

    def __call__(self, motion: Motion) -> Row:
        """unseen_reprojection_px: median over the body's 12 keypoints, frames and the three other cameras (1088 x 1920
        pixels). mpjpe_mm: relative to the hips; world_mpjpe_mm: in the calibrated world, unaligned."""
        own = self.views[self.view]
        assert own.observation is not None
        placed = in_true_world(motion, own.observation.camera, own.camera)
        points = np.asarray(_keypoints(self.body, placed))[:, :, BODY]
        true = self.clip.joints[:, :, BODY]
        errors = [self._pixels(points, v, view) for v, view in enumerate(self.views) if v != self.view]
        return {
            "unseen_reprojection_px": float(np.median(np.concatenate(errors))),
            "mpjpe_mm": mpjpe_mm(points, true, roots=HIPS),
            "world_mpjpe_mm": world_mpjpe_mm(points, true),
        } | self.guards(pose_for_metrics(self.body, placed, self.guards.truth.fps))

    def _pixels(self, points: np.ndarray, v: int, view: View) -> np.ndarray:
        """Distances [N] in camera v's picture from the keypoints found there, where the front-end was sure of them."""
        assert view.observation is not None
        shown = np.asarray(_project(view.camera, self.clip.distortion[v], points))
        apart = np.linalg.norm(shown - view.observation.keypoints[:, :, BODY], axis=-1)
        return apart[view.observation.keypoint_confidence[:, :, BODY] >= CONFIDENT]


@jax.jit
def _keypoints(body: smpl.Body, motion: Motion) -> Array:
    return smpl.keypoints(body, smpl.pose(body, motion))


@jax.jit
def _project(camera: Camera, coefficients: Array, points: Array) -> Array:
    return distortion.project(camera.K, coefficients, pinhole.to_camera(camera, points))
