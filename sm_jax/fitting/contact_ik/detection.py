"""Where two fitted bodies touch: regions whose skins are next to each other for a while."""

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.sdf import pose_field
from sm_jax.body.skeleton import PAIRED_REGIONS, SIDED_REGIONS
from sm_jax.energies.penetration import depths
from sm_jax.geometry import safe
from sm_jax.motion.frames import pad_motion
from sm_jax.text.rules.contacts import spans
from sm_jax.types import Contact, Motion, Side

NEAR = 0.03  # metres between skins
_GAP, _SHORTEST = 0.3, 0.25  # seconds
_MOST = 12  # kinds of contact a sequence
_COUNT = len(SIDED_REGIONS)
# Feet and shins that pass close by are dancing or standing, not touching.
_SILENT = np.array([name.endswith(("foot", "shin")) for name in SIDED_REGIONS])


def detect_contacts(body: smpl.Body, motion: Motion, fps: float) -> tuple[Contact, ...]:
    """Contacts of a motion [P, T], person 0's region first, of at most a dozen kinds: those that last longest."""
    n_frames = motion.pelvis.shape[1]
    distance = np.asarray(_region_distances(body, pad_motion(motion)))[:n_frames]
    touching = (distance < NEAR) & ~(_SILENT[:, None] & _SILENT[None, :])
    found = []
    for a, b in zip(*np.nonzero(touching.any(axis=0)), strict=True):
        kind = [_contact(int(a), int(b), *span) for span in spans(touching[:, a, b], fps, _GAP, _SHORTEST)]
        if kind:
            found.append(kind)
    found.sort(key=lambda kind: -sum(contact.end - contact.start for contact in kind))
    return tuple(sorted((contact for kind in found[:_MOST] for contact in kind), key=lambda c: (c.start, c.end)))


@jax.jit
def _region_distances(body: smpl.Body, motion: Motion) -> jax.Array:
    """Distance [T, 22, 22] in metres of person 0's regions to the other's, negative inside, from either's points."""
    posed = smpl.pose(body, motion)
    points = smpl.surface_points(body, posed)
    outside = -depths(points, pose_field(body, posed))
    region = jnp.asarray(body.surface_region)

    def frame(_, x):
        points, outside = x
        apart = safe.distances(points[0], points[1])
        a, b = region[jnp.argmin(apart, axis=0)], region[jnp.argmin(apart, axis=1)]
        least = jnp.full((_COUNT, _COUNT), jnp.inf)
        return None, least.at[region, b].min(outside[0]).at[a, region].min(outside[1])

    return jax.lax.scan(frame, None, (jnp.moveaxis(points, 1, 0), jnp.moveaxis(outside, 1, 0)))[1]


def _contact(a: int, b: int, start: int, end: int) -> Contact:
    (region_a, side_a), (region_b, side_b) = _split(SIDED_REGIONS[a]), _split(SIDED_REGIONS[b])
    return Contact(region_a=region_a, side_a=side_a, region_b=region_b, side_b=side_b, start=start, end=end)


def _split(name: str) -> tuple[str, Side | None]:
    for side in ("left", "right"):
        if name.startswith(f"{side}_") and name.removeprefix(f"{side}_") in PAIRED_REGIONS:
            return name.removeprefix(f"{side}_"), side
    return name, None
