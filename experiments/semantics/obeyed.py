"""Whether a motion does what was said."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, KEYPOINT_JOINTS, SIDED_REGIONS
from sm_jax.metrics.contact import region_distances
from sm_jax.metrics.protocols import RADIUS
from sm_jax.text.contacts import region_mask
from sm_jax.types import Contact, Motion, Observation

_ARM = np.array([name.split("_")[-1] in ("elbow", "wrist", "hand") for name in JOINTS])


def without_arms(seen: Observation) -> Observation:
    """An observation in which nobody's forearms and hands are seen."""
    points = _ARM[np.asarray(KEYPOINT_JOINTS)]
    return dataclasses.replace(
        seen,
        visibility=np.where(_ARM, 0, np.asarray(seen.visibility)).astype(np.float32),
        keypoint_confidence=np.where(points, 0, np.asarray(seen.keypoint_confidence)).astype(np.float32),
    )


def contact_share(body: smpl.Body, motion: Motion, contacts: Sequence[Contact]) -> float:
    """Share of the frames in which contacts are said to hold and their regions are nearer than RADIUS."""
    points = np.asarray(smpl.surface_points(body, smpl.pose(body, motion)))
    distances = region_distances(points, np.asarray(body.surface_region), len(SIDED_REGIONS))
    held = []
    for contact in contacts:
        masks = [region_mask(contact.region_a, contact.side_a) > 0, region_mask(contact.region_b, contact.side_b) > 0]
        first, second = masks if contact.person_a == 0 else masks[::-1]
        held.append(distances[contact.start : contact.end, first][:, :, second].min((1, 2)) < RADIUS)
    return float(np.concatenate(held).mean())
