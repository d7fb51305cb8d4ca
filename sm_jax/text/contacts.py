"""Contacts said by a describer -> the arrays that the contact energy reads."""

from collections.abc import Iterable

import numpy as np

from sm_jax.body.skeleton import PAIRED_REGIONS, SIDED_REGIONS
from sm_jax.errors import UserError
from sm_jax.types import Contact, ContactTargets, Side

CAPACITY = 8


def region_mask(region: str, side: Side | None) -> np.ndarray:
    """[22] in {0, 1}: the sided regions that a region and a side stand for; both sides where none is given.

    Regions without sides (head, back, …) ignore the side. Raises UserError for a name outside `skeleton.REGIONS`.
    """
    paired = region in PAIRED_REGIONS
    names = {f"{s}_{region}" for s in ((side,) if side else ("left", "right"))} if paired else {region}
    mask = np.array([name in names for name in SIDED_REGIONS], np.float32)
    if not mask.any():
        raise UserError(
            f"unknown body region or side: {side or ''} {region}; sides are left and right".replace("  ", " ")
        )
    return mask


def contact_targets(contacts: Iterable[Contact], n_frames: int, capacity: int = CAPACITY) -> ContactTargets:
    """Contacts over a clip of `n_frames` -> C = `capacity` constraints in static shapes.

    Contacts of the same regions share a row, whatever their spans; where they overlap, the surer one counts. With more
    than C kinds of contact, those with the largest sum of weights stay. Rows are ordered by that sum.
    """
    rows: dict[tuple[bytes, bytes], np.ndarray] = {}
    for contact in contacts:
        masks = [region_mask(contact.region_a, contact.side_a), region_mask(contact.region_b, contact.side_b)]
        mask_a, mask_b = masks if contact.person_a == 0 else masks[::-1]
        weight = rows.setdefault((mask_a.tobytes(), mask_b.tobytes()), np.zeros(n_frames, np.float32))
        span = slice(max(contact.start, 0), max(contact.end, 0))
        weight[span] = np.maximum(weight[span], np.float32(contact.confidence))
    strongest = sorted(rows.items(), key=lambda row: -float(row[1].sum()))[:capacity]

    def padded(values: list[np.ndarray], width: int) -> np.ndarray:
        return np.stack([*values, *[np.zeros(width, np.float32)] * (capacity - len(values))])

    return ContactTargets(
        mask_a=padded([np.frombuffer(a, np.float32) for (a, _), _ in strongest], len(SIDED_REGIONS)),
        mask_b=padded([np.frombuffer(b, np.float32) for (_, b), _ in strongest], len(SIDED_REGIONS)),
        weight=padded([weight for _, weight in strongest], n_frames),
    )
