"""Mistakes of kind rather than of degree: limbs taken for one another, people taken for one another, people lost.

A mistake is made on the true motion, before any errors of degree: keypoints, estimate and visibility that are made of
what is *shown* then agree with one another, as they do where a body was fitted to a wrong detection.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.body.skeleton import JOINTS, KEYPOINTS, mirror_permutation
from sm_jax.data.simulator.limbs import reach
from sm_jax.data.simulator.noise import spans, uniform
from sm_jax.geometry.rotations import compose, matrix_to_6d, sixd_to_matrix
from sm_jax.motion.slerp_fill import neighbours
from sm_jax.types import Array

_ENDS = (("wrist", "hand"), ("ankle", "foot"))
_ARM, _LEG = ("elbow", "wrist", "hand"), ("knee", "ankle", "foot", "heel", "toe")
_MIRROR_JOINTS, _MIRROR_KEYPOINTS = (np.array(mirror_permutation(names)) for names in (JOINTS, KEYPOINTS))
_RAMP = 3.0  # frames in which the fit, being smooth, passes from one person to the other


def _are(parts: tuple[tuple[str, ...], ...], names: tuple[str, ...]) -> np.ndarray:
    """[parts, N] which of the names belong to each part."""
    return np.array([[name.split("_")[-1] in part for name in names] for part in parts], np.float32)


_LIMB_JOINTS, _LIMB_KEYPOINTS, _LIMB_ENDS = (
    _are((_ARM, _LEG), JOINTS),
    _are((_ARM, _LEG), KEYPOINTS),
    _are(_ENDS, JOINTS),
)
# [J, 3, 3] what a left hand's frame is to a right one's with the same fingers and knuckles; all others agree.
_OTHER_SIDE = np.where(_LIMB_ENDS[0, :, None, None] > 0, np.diag([-1.0, -1.0, 1.0]), np.eye(3)).astype(np.float32)


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class GrossErrorConfig:
    """Probabilities in a window. limbs: that a person's arms, or legs, are exchanged left for right for a span.
    people: that the two are taken for one another where one of them is hidden entirely; a fifth of that where both
    are seen entirely.  lost: that a person is not found for a span, likewise.
    Lengths are the shortest and the longest, in parts of the window."""

    limbs: float = 0.04
    limbs_length: tuple[float, float] = (0.05, 0.4)
    people: float = 0.1
    people_length: tuple[float, float] = (0.05, 0.5)
    lost: float = 0.1
    lost_length: tuple[float, float] = (0.1, 0.5)


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class ObservedPose:
    """What the estimators take for the truth. R_world_joint: [P, T, J, 3, 3].  joints: [P, T, J, 3] and keypoints:
    [P, T, K, 3] in the world.  visibility: [P, T, J] in [0, 1].  trunk_and_leg: [P, T] metres of whoever is shown."""

    R_world_joint: Array
    joints: Array
    keypoints: Array
    visibility: Array
    trunk_and_leg: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class GrossErrors:
    """limbs: [P, T, 2] whether the arms, and the legs, are exchanged.  people: [T] distance in frames into a span of
    exchanged people, negative outside.  lost: [P, T] whether a person was not found. The others are in {0, 1}."""

    limbs: Array
    people: Array
    lost: Array


def draw_gross_errors(key: Array, visibility: Array, present: Array, config: GrossErrorConfig) -> GrossErrors:
    """Random gross errors; those about people mostly where one is hidden, and beginning there.

    visibility: [P, T, J].  present: [P] in {0, 1}; the only person there is taken for nobody else.
    """
    at_limbs, at_spans, at_start = jax.random.split(key, 3)
    n_people, n_frames, _ = visibility.shape
    limbs = spans(at_limbs, (n_people, 2), n_frames, config.limbs, config.limbs_length)
    hidden = (1.0 - visibility.mean(axis=-1)) * present[:, None]
    hidden = jnp.concatenate([hidden, hidden.max(axis=0, keepdims=True)])  # of each person, of either
    there, length = uniform(at_spans, (2, n_people + 1))
    chance = jnp.array([*[config.lost] * n_people, config.people])
    chance = chance * jnp.append(present, present.min()) * (0.2 + 0.8 * hidden.max(axis=1))
    start = jnp.argmax(hidden + 0.3 * uniform(at_start, hidden.shape), axis=1).astype(jnp.float32)
    low, high = jnp.array([*[config.lost_length] * n_people, config.people_length]).T
    half = 0.5 * n_frames * (low + (high - low) * length)
    inside = half[:, None] - jnp.abs(jnp.arange(n_frames, dtype=jnp.float32)[None] - (start + half)[:, None])
    inside = jnp.where((there < chance)[:, None], inside, -float(n_frames))
    return GrossErrors(limbs=jnp.moveaxis(limbs, 1, 2), people=inside[-1], lost=(inside[:-1] > 0.0).astype(jnp.float32))


def apply_gross_errors(true: ObservedPose, errors: GrossErrors) -> ObservedPose:
    """What is shown [P, T] of what is there. Who is lost is moved evenly from where it was last to where it is next."""
    arms_legs = _exchange_limbs(true, errors.limbs)
    taken = jnp.clip(0.5 + errors.people / _RAMP, 0.0, 1.0)
    sharply = jnp.round(taken)

    def exchanged(x: Array, by: Array) -> jax.Array:
        by = jnp.reshape(by, (1, -1) + (1,) * (x.ndim - 2))
        return jnp.asarray(x) + by * (x[::-1] - x)

    before, after, u, _ = neighbours(errors.lost[..., None] < 0.5)

    def bridged(x: Array) -> jax.Array:
        shape = (*u.shape[:2], *(1,) * (x.ndim - 2))
        take = lambda index: jnp.take_along_axis(x, index.reshape(shape), axis=1)  # noqa: E731
        return take(before) + u.reshape(shape) * (take(after) - take(before))

    R = bridged(exchanged(arms_legs.R_world_joint, taken))
    return ObservedPose(
        R_world_joint=sixd_to_matrix(matrix_to_6d(R)),
        joints=bridged(exchanged(arms_legs.joints, taken)),
        keypoints=bridged(exchanged(arms_legs.keypoints, sharply)),
        visibility=exchanged(arms_legs.visibility, sharply) * (1.0 - errors.lost)[..., None],
        trunk_and_leg=exchanged(arms_legs.trunk_and_leg, taken),
    )


def _exchange_limbs(true: ObservedPose, limbs: Array) -> ObservedPose:
    """Left for right, where limbs [P, T, 2] says so: each limb reaches from its own root to the other's place."""

    def mirrored(x: Array, of_limbs: np.ndarray, order: np.ndarray) -> jax.Array:
        by = jnp.einsum("ptl,ln->ptn", limbs, of_limbs)
        by = jnp.reshape(by, by.shape + (1,) * (x.ndim - 3))
        return jnp.where(by > 0.5, x[:, :, order], x)

    joints = mirrored(true.joints, _LIMB_JOINTS, _MIRROR_JOINTS)
    turned = compose(true.R_world_joint[:, :, _MIRROR_JOINTS], _OTHER_SIDE[None, None])
    hang = jnp.einsum("ptl,ln->ptn", limbs, _LIMB_ENDS)[..., None, None] > 0.5
    return dataclasses.replace(
        true,
        R_world_joint=jnp.where(hang, turned, reach(true.R_world_joint, true.joints, joints)),
        joints=joints,
        keypoints=mirrored(true.keypoints, _LIMB_KEYPOINTS, _MIRROR_KEYPOINTS),
        visibility=mirrored(true.visibility, _LIMB_JOINTS, _MIRROR_JOINTS),
    )
