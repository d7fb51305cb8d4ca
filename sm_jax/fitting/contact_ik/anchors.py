"""Where two people touch, as pairs of points that ride on their joints: what `hold` brings together.

A contact between two regions becomes the pair of surface points that are nearest to each other while it lasts. Hands
are their knuckles: the place stays the same however the hand is turned, and fingers are not modelled.
"""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, PAIRED_REGIONS, SIDED_REGIONS
from sm_jax.errors import UserError
from sm_jax.geometry import safe
from sm_jax.geometry.rotations import rotate
from sm_jax.motion.frames import pad_motion
from sm_jax.types import Array, Contact, Motion, Side

GRIP = 0.06  # metres between the knuckles of two hands that hold each other
_PALM = 0.03  # metres from the knuckles to what the hand lies on
_TOUCH = 0.01  # metres between two points that touch
_RAMP = 0.25  # seconds
_KNUCKLES = tuple(JOINTS.index(f"{side}_hand") for side in ("left", "right"))


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Sites:
    """Points on a body of any shape. joint: [C] int.  point: [C, 3] in that joint's frame, metres, for betas of zero.
    point_shapedirs: [C, 3, N]."""

    joint: Array
    point: Array
    point_shapedirs: Array

    def on(self, betas: Array) -> jax.Array:
        """The points [C, 3] of a person with betas [N]."""
        return jnp.asarray(self.point) + safe.einsum("ckn,n->ck", self.point_shapedirs, betas)


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Touches:
    """Anchors of people of any shape. a, b: sites of person 0 and 1.  gap, weight: as in `Anchors`."""

    a: Sites
    b: Sites
    gap: Array
    weight: Array

    def on(self, betas: Array) -> "Anchors":
        """Anchors of two people with betas [P, N]."""
        return Anchors(
            joint_a=self.a.joint,
            point_a=self.a.on(betas[0]),
            joint_b=self.b.joint,
            point_b=self.b.on(betas[1]),
            gap=self.gap,
            weight=self.weight,
        )


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Anchors:
    """C pairs of points that should meet, in static shapes. Rows that are not used weigh nothing.

    joint_a: [C] int, joint of person 0.  point_a: [C, 3] in that joint's frame, metres.  joint_b, point_b: person 1's.
    gap: [C] metres that the two points may be apart.  weight: [C, T] how far they have come to
    that from the distance they would have, in [0, 1]: one while they touch, with ramps before and after.
    """

    joint_a: Array
    point_a: Array
    joint_b: Array
    point_b: Array
    gap: Array
    weight: Array


def anchors(body: smpl.Body, motion: Motion, contacts: Sequence[Contact], fps: float, capacity: int = 8) -> Anchors:
    """The anchors of contacts in a motion [P, T] of which they are true or, for `hold`, shall become true."""
    return touches(body, motion, contacts, fps, capacity).on(motion.betas)


def touches(
    body: smpl.Body, motion: Motion, contacts: Sequence[Contact], fps: float, capacity: int = 8, kept: float = 0.05
) -> Touches:
    """Of each contact the pair of points that are nearest on average while it lasts, on bodies of any shape.

    kept: metres; points nearer than this keep their distance, others shall touch. A hand that touches with its fingers
    has its knuckles a decimetre away.
    Contacts that come to the same pair share a row. Raises UserError for more pairs than `capacity`, or a contact
    outside the motion.
    """
    n_frames = motion.pelvis.shape[1]
    points = _surface(body, motion)
    rows: dict[tuple[int, int], tuple[float, np.ndarray]] = {}
    for contact in contacts:
        start, end = max(contact.start, 0), min(contact.end, n_frames)
        if start >= end:
            raise UserError(f"a contact of frames {contact.start} to {contact.end} in a motion of {n_frames} frames")
        a, b = _candidates(body, contact.region_a, contact.side_a), _candidates(body, contact.region_b, contact.side_b)
        if contact.person_a == 1:
            a, b = b, a
        offset = points[0, a][:, None, start:end] - points[1, b][None, :, start:end]
        distance = np.sqrt(np.square(offset).sum(axis=-1)).mean(axis=-1)
        i, j = np.unravel_index(np.argmin(distance), distance.shape)
        gap, weight = rows.get((a[i], b[j]), (distance[i, j], np.zeros(n_frames)))
        weight[start:end] = 1
        rows[a[i], b[j]] = (min(gap, distance[i, j]), weight)
    if len(rows) > capacity:
        raise UserError(f"{len(rows)} contacts, where {capacity} fit; give fewer or a larger capacity")
    return _in_rows(body, rows, fps, np.zeros((capacity, n_frames), np.float32), kept)


def ramped(weight: np.ndarray, fps: float) -> np.ndarray:
    """Weights [..., T] of spans with smooth ramps before and after, so that people come together and part gently."""
    width = max(1, round(_RAMP * fps))
    grown = maximum_filter1d(weight, 2 * width + 1, axis=-1, mode="constant")
    return np.maximum(weight, gaussian_filter1d(grown, width / 2, axis=-1, mode="nearest")).astype(np.float32)


def places(joint: Array, point: Array, R_world_joint: Array, joints: Array) -> jax.Array:
    """World positions [T, C, 3] of points [C, 3] on joints [C] of one person: R [T, 24, 3, 3], joints [T, 24, 3]."""
    return rotate(R_world_joint[:, joint], jnp.broadcast_to(point, (joints.shape[0], *point.shape))) + joints[:, joint]


def distances(body: smpl.Body, motion: Motion, anchors: Anchors) -> jax.Array:
    """Distance [C, T] in metres of each pair of points."""
    posed = smpl.pose(body, motion)
    a = places(anchors.joint_a, anchors.point_a, posed.R_world_joint[0], posed.joints[0])
    b = places(anchors.joint_b, anchors.point_b, posed.R_world_joint[1], posed.joints[1])
    return safe.norm(a - b).T


@jax.jit
def _candidate_points(body: smpl.Body, motion: Motion) -> jax.Array:
    posed = smpl.pose(body, motion)
    hands = posed.joints[:, :, np.array(_KNUCKLES)]
    return jnp.moveaxis(jnp.concatenate([smpl.surface_points(body, posed), hands], axis=2), 1, 2)


def _surface(body: smpl.Body, motion: Motion) -> np.ndarray:
    """Points [P, S + 2, T, 3]: the surface points and the knuckles."""
    return np.asarray(_candidate_points(body, pad_motion(motion)))


def _candidates(body: smpl.Body, region: str, side: Side | None) -> np.ndarray:
    """Indices into `_surface` of the points of a region; without a side, of both sides."""
    sides = [f"{s}_" for s in ((side,) if side else ("left", "right"))] if region in PAIRED_REGIONS else [""]
    if unknown := [s + region for s in sides if s + region not in SIDED_REGIONS]:
        raise UserError(f"{unknown[0]}: no such body region; one of {', '.join(SIDED_REGIONS)}")
    count = len(body.surface_index)
    if region == "hand":
        return count + np.array([s == "right_" for s in sides])
    return np.flatnonzero(np.isin(body.surface_region, [SIDED_REGIONS.index(s + region) for s in sides]))


def _in_rows(body: smpl.Body, rows: dict, fps: float, weight: np.ndarray, kept: float) -> Touches:
    """weight: [C, T] zeros, to be filled."""
    pairs, gap = np.zeros((len(weight), 2), int), np.zeros(len(weight), np.float32)
    for row, (pair, (distance, spans)) in enumerate(rows.items()):
        pairs[row], weight[row] = pair, spans
        hands = sum(index >= len(body.surface_index) for index in pair)
        touching = (_TOUCH, _PALM, GRIP)[hands]
        gap[row] = max(distance, touching) if distance < kept else touching
    a, b = (_sites(body, pairs[:, person]) for person in (0, 1))
    return Touches(a=a, b=b, gap=gap, weight=ramped(weight, fps))


def _sites(body: smpl.Body, index: np.ndarray) -> Sites:
    """Points of `_surface` as sites: each rides on the joint that moves it most."""
    hand = index >= len(body.surface_index)
    vertex = np.asarray(body.surface_index)[np.where(hand, 0, index)]
    knuckle = np.array(_KNUCKLES)[np.where(hand, index - len(body.surface_index), 0)]
    joint = np.where(hand, knuckle, np.asarray(body.weights)[vertex].argmax(axis=1))
    still = hand[:, None]
    point = np.asarray(body.v_template)[vertex] - np.asarray(body.joint_template)[joint]
    shapedirs = np.asarray(body.shapedirs)[vertex] - np.asarray(body.joint_shapedirs)[joint]
    return Sites(
        joint=joint.astype(np.int32),
        point=np.where(still, 0, point).astype(np.float32),
        point_shapedirs=np.where(still[..., None], 0, shapedirs).astype(np.float32),
    )
