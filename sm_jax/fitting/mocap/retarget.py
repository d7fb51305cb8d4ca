"""The same motion on other bodies: one recorded pair of people becomes many, whose contacts hold.

Joint rotations stay. Pelvises rise with the person's own legs; the way over the floor and the distance between the
people scale with the mean of both, so that feet hardly skate and nobody drifts apart. Then every contact is brought
together again at the places of the skin where it was.
"""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.io import LARGEST_STATURE_BETA
from sm_jax.data.schema import PairSequence
from sm_jax.fitting.contact_ik.anchors import distances, touches
from sm_jax.fitting.contact_ik.solve import solve_contacts
from sm_jax.fitting.mocap.floor import contact_on_floor, sole_height, stand
from sm_jax.types import Array, Contact, Motion

_SHAPE = 2.0  # largest value of the other betas
_KEPT = 0.15  # metres between two points, at most, for a contact to be true of the motion as it is
_ROWS = 8  # anchors are counted in multiples of this, so that sequences share compiled programs


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kept:
    """Distance in millimetres of the points that touch, over all contacts and their frames.

    source: in the original.  before: played on the other bodies.  after: brought together again.
    """

    source: np.ndarray
    before: np.ndarray
    after: np.ndarray


def random_betas(key: Array, shape: tuple[int, ...] = (2, 10)) -> jax.Array:
    """Betas [..., P, N] of ordinary adults, each person's independent of the other's."""
    limit = jnp.full((1,) * (len(shape) - 1) + shape[-1:], _SHAPE).at[..., 0].set(LARGEST_STATURE_BETA)
    return jnp.clip(jax.random.normal(key, shape), -limit, limit)


def retarget(
    body: smpl.Body, motion: Motion, betas: Array, contacts: Sequence[Contact], fps: float
) -> tuple[Motion, Kept]:
    """Play a motion [P, T] on other betas [P, N] of the body, on the floor z = 0, its contacts kept."""
    capacity = -(-len(contacts) // _ROWS) * _ROWS
    kept = touches(body, motion, contacts, fps, capacity, _KEPT)
    before = _play(body, motion, np.asarray(betas, np.float32))
    own, other = kept.on(motion.betas), kept.on(betas)
    after = jax.device_get(solve_contacts(body, before, other)) if contacts else before
    touching = kept.weight == 1
    gap = lambda motion, anchors: 1e3 * np.asarray(distances(body, motion, anchors))[touching]  # noqa: E731
    return after, Kept(source=gap(motion, own), before=gap(before, other), after=gap(after, other))


def retarget_sequence(body: smpl.Body, sequence: PairSequence, betas: Array, name: str) -> PairSequence:
    """A sequence on other betas [P, N]. Of people who are absent the contacts are none."""
    motion, _ = retarget(body, sequence.motion, betas, sequence.contacts, sequence.fps)
    foot_contact = contact_on_floor(body, motion, sequence.fps)
    motion = jax.tree.map(lambda x: np.asarray(x, np.float32), motion)
    return dataclasses.replace(sequence, name=name, motion=motion, foot_contact=foot_contact)


def _play(body: smpl.Body, motion: Motion, betas: np.ndarray) -> Motion:
    ratio = np.asarray(sole_height(body, betas) / sole_height(body, motion.betas))
    scale = np.stack([np.full_like(ratio, ratio.mean())] * 2 + [ratio], axis=-1)
    return stand(body, dataclasses.replace(motion, pelvis=np.asarray(motion.pelvis) * scale[:, None], betas=betas))
