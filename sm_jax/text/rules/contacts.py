"""Which regions come near each other and when, read off the initial estimate. Soft: its depth may be wrong."""

import numpy as np

from sm_jax.body.skeleton import PAIRED_REGIONS, SIDED_REGIONS
from sm_jax.motion.slerp_fill import SEEN
from sm_jax.text.describers.describer import DescriberInput
from sm_jax.text.regions import SUPPORT, region_distances
from sm_jax.types import Contact, Side

NEAR = 0.05  # metres between surfaces
_GAP, _SHORTEST = 0.3, 0.15  # seconds
_MOST = 8

# Feet and shins that pass close by are dancing or standing, not touching.
_SILENT = np.array([name.endswith(("foot", "shin")) for name in SIDED_REGIONS])
_JOINED = {
    "head": ("neck",),
    "neck": ("chest", "back", "left_shoulder", "right_shoulder"),
    "chest": ("belly", "back", "left_shoulder", "right_shoulder"),
    "back": ("waist", "left_shoulder", "right_shoulder"),
    "waist": ("belly", "left_buttock", "right_buttock", "left_thigh", "right_thigh"),
    "belly": ("left_thigh", "right_thigh"),
} | {
    f"{side}_{a}": (f"{side}_{b}",)
    for side in ("left", "right")
    for a, b in (
        ("shoulder", "upper_arm"),
        ("upper_arm", "forearm"),
        ("forearm", "hand"),
        ("buttock", "thigh"),
        ("thigh", "shin"),
        ("shin", "foot"),
    )
}


def _neighbours() -> np.ndarray:
    """[22, 22] bool: regions that join each other, and each itself."""
    joined = np.eye(len(SIDED_REGIONS), dtype=bool)
    for name, others in _JOINED.items():
        for other in others:
            joined[SIDED_REGIONS.index(name), SIDED_REGIONS.index(other)] = True
    return joined | joined.T


_BESIDE = _neighbours()


def find_contacts(scene: DescriberInput) -> tuple[Contact, ...]:
    """Up to 8 contacts, the surest first. Person 0 always has region_a, and sides are given where there are any.

    A pair of regions touches where it is nearer than NEAR and nearer than the pairs beside it on the two bodies, so
    that clasped hands do not also report forearms. Confidence falls with distance and with visibility.
    """
    distance = region_distances(scene.joints)
    seen = np.stack([v[:, SUPPORT].mean(axis=-1) for v in scene.visibility])  # [P, T, 22]
    certainty = seen[0][:, :, None] * seen[1][:, None, :]
    evident = (seen[0] >= SEEN)[:, :, None] & (seen[1] >= SEEN)[:, None, :]
    distance = np.where(evident & ~(_SILENT[:, None] & _SILENT[None, :]), distance, np.inf)
    touching = (distance < NEAR) & (distance <= _least_beside(distance))
    confidence = certainty * np.clip(1.0 - np.maximum(distance, 0.0) / (2.0 * NEAR), 0.0, 1.0)
    found = []
    for a, b in zip(*np.nonzero(touching.any(axis=0)), strict=True):
        for start, end in spans(touching[:, a, b], scene.fps, _GAP, _SHORTEST):
            sure = float(confidence[start:end, a, b][touching[start:end, a, b]].mean())
            found.append(_contact(int(a), int(b), start, end, round(sure, 3)))
    found.sort(key=lambda contact: -contact.confidence * (contact.end - contact.start))
    return tuple(found[:_MOST])


def spans(active: np.ndarray, fps: float, gap: float, shortest: float) -> list[tuple[int, int]]:
    """Runs of True in [T] bool as (start, end), those closer than `gap` seconds joined, then the short ones dropped."""
    edges = np.flatnonzero(np.diff(np.r_[0, active.astype(np.int8), 0]))
    joined: list[tuple[int, int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if joined and start - joined[-1][1] <= gap * fps:
            start = joined.pop()[0]
        joined.append((start, end))
    return [(start, end) for start, end in joined if end - start >= shortest * fps]


def _least_beside(distance: np.ndarray) -> np.ndarray:
    """Least distance [T, 22, 22] over the pairs of regions that lie beside each pair, itself included."""
    rows = np.stack([distance[:, beside].min(axis=1) for beside in _BESIDE], axis=1)
    return np.stack([rows[:, :, beside].min(axis=2) for beside in _BESIDE], axis=2)


def _contact(a: int, b: int, start: int, end: int, confidence: float) -> Contact:
    (region_a, side_a), (region_b, side_b) = _split(SIDED_REGIONS[a]), _split(SIDED_REGIONS[b])
    return Contact(
        region_a=region_a, side_a=side_a, region_b=region_b, side_b=side_b, start=start, end=end, confidence=confidence
    )


def _split(name: str) -> tuple[str, Side | None]:
    for side in ("left", "right"):
        if (region := name.removeprefix(f"{side}_")) in PAIRED_REGIONS and region != name:
            return region, side
    return name, None
