"""Losses of a predicted state. Padded frames count nowhere; each term is a mean over what counts."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.skeleton import FOOT_JOINTS, JOINTS, SIDED_REGIONS
from sm_jax.geometry import safe
from sm_jax.motion import state
from sm_jax.motion.normalise import Statistics, denormalise
from sm_jax.motion.pair_frame import HALF_TURN
from sm_jax.motion.resample import FPS
from sm_jax.nets.layers import feature_visibility
from sm_jax.text.regions import SUPPORT
from sm_jax.train.config import LossConfig
from sm_jax.train.examples import Example
from sm_jax.types import Array, ContactTargets

_DECIMETRES = 10.0
_SUREST = 6.0  # largest logarithm of an expected square, either way
# The joints [22, J] that each region hangs on: the contact labels are of regions, the distance map of joints.
_SUPPORT = np.zeros((len(SIDED_REGIONS), len(JOINTS)), np.float32)
_SUPPORT[np.arange(len(SIDED_REGIONS))[:, None], SUPPORT] = 1.0
_GROUPS = {"orient": state.ORIENT, "pose": state.POSE, "pelvis": state.PELVIS, "foot_contact": state.FOOT_CONTACT}


def losses(
    x0: Array,
    example: Example,
    statistics: Statistics,
    config: LossConfig,
    weight: Array,
    low_noise: Array,
    unsure: Array | None = None,
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """The weighted sum (scalar) and its unweighted terms by name.

    x0: [B, P, T, D] predicted normalised state.  weight: [B] of the terms on the state.  low_noise: [B] of those on
    the joints.  unsure: [B, P, T, J] what a network says of its joints (`Infiller.predict`).
    """
    found, true = (joints(x, example.rest_joints, statistics) for x in (x0, example.x0))
    report = state_terms(x0, example, config.hidden, weight)
    report |= joint_terms(found[0], true, example, config.contact, low_noise)
    report["ray"] = ray_term(found[0], true[0], example)
    if unsure is not None:
        report["uncertainty"] = uncertainty_term(unsure, found[0], true[0], example)
    weights = dataclasses.asdict(config)
    return sum((weights[name] * term for name, term in report.items()), start=jnp.zeros(())), report


def state_terms(x0: Array, example: Example, hidden: float, weight: Array) -> dict[str, jax.Array]:
    """Mean squared error of each part of the normalised state."""
    visible = feature_visibility(example.conditions.visibility)
    counts = 1.0 + hidden * (1.0 - visible)
    counts = counts * (example.conditions.frame_mask * weight[:, None])[:, None, :, None]
    counts = counts * example.present[:, :, None, None]
    error = counts * jnp.square(x0 - example.x0)
    frames = jnp.maximum(example.conditions.frame_mask.sum(), 1.0) * x0.shape[1]
    return {name: error[..., part].sum() / frames / (part.stop - part.start) for name, part in _GROUPS.items()}


def ray_term(found: Array, true: Array, example: Example) -> jax.Array:
    """Squared error across the line of sight to each true joint, as far as it is seen: joints [B, P, T, J, 3]."""
    conditions = example.conditions
    camera = conditions.camera[..., None, :3] * HALF_TURN[None, :, None, None, :]
    sight, error = safe.normalise(true - camera), _DECIMETRES * (found - true)
    across = error - jnp.sum(error * sight, axis=-1, keepdims=True) * sight
    everywhere = jnp.ones(found.shape[0])
    return _mean(conditions.visibility * _squared(across), conditions.frame_mask, everywhere, example.present)


def uncertainty_term(unsure: Array, found: Array, true: Array, example: Example) -> jax.Array:
    """Negative log-likelihood of the joints' errors, which it does not change, under normal distributions of the
    expected squares exp(unsure) [B, P, T, J] in dm²: of the pelvis' place, of the others relative to it."""
    error = jnp.concatenate([(found - true)[..., :1, :], (_rooted(found) - _rooted(true))[..., 1:, :]], axis=-2)
    squared = jax.lax.stop_gradient(_squared(_DECIMETRES * error))
    unsure = jnp.clip(unsure, -_SUREST, _SUREST)
    everywhere = jnp.ones(found.shape[0])
    cost = unsure + squared * jnp.exp(-unsure)
    return _mean(cost, example.conditions.frame_mask, everywhere, example.present)


def joint_terms(
    found: Array, truth: tuple[Array, Array], example: Example, contact_gain: float, weight: Array
) -> dict[str, jax.Array]:
    """Errors of the joints [B, P, T, J, 3] that the states put on the example's bodies, and of what they do in time and
    together. truth: the true ones, and the foot contact."""
    mask = example.conditions.frame_mask
    true, contact = truth
    pairs, triples = mask[:, 1:] * mask[:, :-1], mask[:, 2:] * mask[:, 1:-1] * mask[:, :-2]
    speed, true_speed = (jnp.diff(x, axis=2) * FPS for x in (found, true))
    feet = jnp.sum(jnp.square(speed[:, :, :, np.array(FOOT_JOINTS)]), axis=-1)
    planted = jnp.clip(contact[:, :, 1:] * contact[:, :, :-1], 0.0, 1.0)
    gaps, true_gaps = distance_map(found), distance_map(true)
    near = jnp.exp(-true_gaps) + contact_gain * touching(example.contacts)
    there = example.present
    return {
        "joints": _mean(_squared(_DECIMETRES * (_rooted(found) - _rooted(true))), mask, weight, there),
        "velocity": _mean(_squared(speed - true_speed), pairs, weight, there),
        "acceleration": _mean(_squared(jnp.diff(speed - true_speed, axis=2)), triples, weight, there),
        "distance_map": _mean(
            near * jnp.square(_DECIMETRES * (gaps - true_gaps)), mask, weight, there.prod(axis=1, keepdims=True)
        ),
        "skating": _mean(planted * feet, pairs, weight, there),
    }


def joints(x0: Array, rest: Array, statistics: Statistics) -> tuple[jax.Array, Array]:
    """Normalised states [B, P, T, D] on bodies with rest joints [B, P, J, 3] → joints [B, P, T, J, 3] of both people
    in person 0's view, in metres, and foot contact [B, P, T, 4]."""
    motion, contact = state.unpack(denormalise(x0, statistics))
    local = motion.rotations
    _, placed = smpl.forward_kinematics(local, rest[..., None, :, :], motion.pelvis)
    return placed * HALF_TURN[None, :, None, None, :], contact


def distance_map(placed: Array) -> jax.Array:
    """Distances [B, 1, T, J, J] between the joints of one and the other person: placed [B, P, T, J, 3]."""
    return safe.norm(placed[:, :1, :, :, None] - placed[:, 1:, :, None, :])


def touching(contacts: ContactTargets) -> jax.Array:
    """Which joints' regions are in contact [B, 1, T, J, J], from labels [B, C, ...]: weight of the surest label.

    One label after the other: all at once would be the largest array of a training step.
    """
    a, b = (jnp.clip(mask @ _SUPPORT[None], 0.0, 1.0) for mask in (contacts.mask_a, contacts.mask_b))

    def surer(found: jax.Array, label: tuple[jax.Array, ...]) -> tuple[jax.Array, None]:
        weight, a, b = label
        return jnp.maximum(found, weight[..., None, None] * a[:, None, :, None] * b[:, None, None, :]), None

    labels = tuple(jnp.moveaxis(x, 1, 0) for x in (contacts.weight, a, b))
    nothing = jnp.zeros((*labels[0].shape[1:], len(JOINTS), len(JOINTS)))
    return jax.lax.scan(surer, nothing, labels)[0][:, None]


def _rooted(placed: Array) -> Array:
    return placed - placed[..., :1, :]


def _squared(x: Array) -> jax.Array:
    return jnp.sum(jnp.square(x), axis=-1)


def _mean(values: Array, mask: Array, weight: Array, there: Array) -> jax.Array:
    """Mean of values [B, P, T, ...] over valid frames [B, T], with a weight for each example [B]; people who are not
    there [B, P] add nothing."""
    values = (values.mean(axis=tuple(range(3, values.ndim))) * there[..., None]).mean(axis=1)
    return (values * mask * weight[:, None]).sum() / jnp.maximum(mask.sum(), 1.0)
