"""How well a reconstruction agrees with a clip in what words can say: how the two stand, and who touches whom where."""

import numpy as np

from sm_jax.body import smpl
from sm_jax.body.skeleton import SIDED_REGIONS
from sm_jax.data.schema import PairSequence
from sm_jax.metrics.contact import contact_scores, region_distances
from sm_jax.metrics.joints import pair_pa_mpjpe_mm
from sm_jax.metrics.protocols import RADIUS, Pair
from sm_jax.score import play
from sm_jax.types import Motion


class Truth:
    """A clip's true bodies."""

    def __init__(self, body: smpl.Body, clip: PairSequence):
        self._body, self._fps = body, clip.fps
        self._true = play(body, clip.motion, clip.fps)
        self._distances = _distances(self._true)

    def scores(self, motion: Motion) -> dict[str, float]:
        """Of a motion in any world."""
        found = play(self._body, motion, self._fps)
        contacts = contact_scores(_distances(found), self._distances, radius=RADIUS)
        return {
            "pair_pa_mm": pair_pa_mpjpe_mm(found.joints["smpl"], self._true.joints["smpl"]),
            "contact_f1": contacts.f1,
            "contact_recall": contacts.recall,
            "contact_precision": contacts.precision,
        }


def _distances(pair: Pair) -> np.ndarray:
    return region_distances(pair.surface, pair.surface_region, len(SIDED_REGIONS))
