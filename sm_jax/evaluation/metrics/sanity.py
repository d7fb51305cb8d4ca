"""Numbers that stand in every table, so that no metric is won by losing what it does not see.

People who are pushed apart lower their penetration, and lose contacts and raise the errors of their relation; pushed
together, they gain contacts, and false ones. Motion that is smoothed too much lowers its acceleration
error, and its jitter and peak speed fall below the truth's.
"""

import numpy as np

from sm_jax.body.skeleton import SIDED_REGIONS
from sm_jax.evaluation.metrics.contact import contact_scores, region_distances
from sm_jax.evaluation.metrics.joints import interaction_error_mm, pair_pa_mpjpe_mm
from sm_jax.evaluation.metrics.motion import jitter_m_s3, peak_wrist_speed_ratio
from sm_jax.evaluation.metrics.penetration import average_penetration
from sm_jax.evaluation.protocols import RADIUS, Pair, Row

STEP = 8  # A-PD of one frame takes 70 ms: it is taken of every eighth


class SanityMetrics:
    """The guards of predictions of one truth, of which contacts and depth are measured once."""

    def __init__(self, truth: Pair):
        self.truth, self.distances, self.depth = truth, _distances(truth), _depth(truth)

    def __call__(self, predicted: Pair) -> Row:
        """Of the 24 SMPL joints, the skin's points and the meshes. Contacts are pairs of regions nearer than 5 cm,
        frame by frame; recall is nan where the truth has none, precision where the prediction has none. A-PD is the
        corrected one, less the truth's. Jitter and wrist speed are shares of the truth's: 1 is right."""
        found, true = predicted.joints["smpl"], self.truth.joints["smpl"]
        contacts = contact_scores(_distances(predicted), self.distances, radius=RADIUS)
        return {
            "pair_pa_mpjpe_mm": pair_pa_mpjpe_mm(found, true),
            "interaction_mm": interaction_error_mm(found, true),
            "contact_recall_5cm": contacts.recall,
            "contact_precision_5cm": contacts.precision,
            "a_pd_excess_mm": _depth(predicted) - self.depth,
            "jitter_over_truth": jitter_m_s3(found, predicted.fps) / jitter_m_s3(true, self.truth.fps),
            "peak_wrist_over_truth": peak_wrist_speed_ratio(found, true),
        }


def _distances(pair: Pair) -> np.ndarray:
    return region_distances(pair.surface, pair.surface_region, len(SIDED_REGIONS))


def _depth(pair: Pair) -> float:
    return average_penetration(pair.vertices[:, ::STEP], pair.faces).corrected_mm
