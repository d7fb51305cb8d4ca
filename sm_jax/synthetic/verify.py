"""Which of the intended contacts came true, and when."""

import dataclasses
from collections.abc import Sequence

import jax
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.skeleton import PAIRED_REGIONS, SIDED_REGIONS
from sm_jax.body.surface import vertex_regions
from sm_jax.motion.frames import pad_motion
from sm_jax.types import Contact, Motion

NEAR = 0.05  # metres between the skins of regions that touch
_SHORTEST = 3  # frames


@jax.jit
def _vertices(body: smpl.Body, motion: Motion) -> jax.Array:
    return smpl.vertices(body, smpl.pose(body, motion))


def vertices(body: smpl.Body, motion: Motion) -> np.ndarray:
    """World vertices [P, T, V, 3]."""
    return np.asarray(_vertices(body, pad_motion(motion)))[:, : motion.pelvis.shape[1]]


def gaps(body: smpl.Body, skins: np.ndarray, contact: Contact) -> np.ndarray:
    """Distance [end - start] in metres between the vertices of a contact's regions: skins [P, T, V, 3]."""
    regions = vertex_regions(*(np.asarray(x) for x in (body.v_template, body.weights, body.joint_template)))
    mine, others = (
        np.isin(regions, [SIDED_REGIONS.index(name) for name in _names(*pair)])
        for pair in ((contact.region_a, contact.side_a), (contact.region_b, contact.side_b))
    )
    span = slice(contact.start, contact.end)
    a, b = skins[contact.person_a, span][:, mine], skins[1 - contact.person_a, span][:, others]
    square = (a**2).sum(-1)[:, :, None] + (b**2).sum(-1)[:, None] - 2.0 * a @ b.swapaxes(1, 2)
    return np.sqrt(np.maximum(square.min(axis=(1, 2)), 0.0))


def _names(region: str, side: str | None) -> list[str]:
    return [f"{s}_{region}" for s in ([side] if side else ("left", "right"))] if region in PAIRED_REGIONS else [region]


def verified(body: smpl.Body, motion: Motion, contacts: Sequence[Contact]) -> tuple[Contact, ...]:
    """The contacts (role a is person 0), each cut to the runs of frames in which the skins are nearer than NEAR."""
    if not contacts:
        return ()
    skins = vertices(body, motion)
    kept = []
    for contact in contacts:
        near = np.pad((gaps(body, skins, contact) < NEAR).astype(np.int8), 1)
        for start, end in np.flatnonzero(np.diff(near)).reshape(-1, 2) + contact.start:
            if end - start >= _SHORTEST:
                kept.append(dataclasses.replace(contact, start=int(start), end=int(end)))
    return tuple(kept)
