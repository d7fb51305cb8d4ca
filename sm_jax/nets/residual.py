"""What a network may change of an estimate: anything of what was hidden, little of what was seen."""

from typing import Literal

import jax
import jax.numpy as jnp

from sm_jax.motion import state
from sm_jax.nets.layers import feature_visibility, swap_people
from sm_jax.types import Array, Conditions

Residual = Literal["free", "bounded"]

SEEN = 2.0  # standard deviations of the state: how far off an estimator may be with what it saw
# The same of a pelvis, in the units of `Conditions.placement`: across the line of sight, along it beside the partner,
# and along it of both people together.
_ACROSS, _DEPTH_OWN, _DEPTH_SHARED = 0.25, 1.0, 2.0


def bounded(residual: Array, conditions: Conditions) -> jax.Array:
    """A network's raw output [B, P, T, D] as a residual of the normalised state.

    The pelvis' entries are read in camera terms (two across the line of sight, one along it), and the depths of the two
    people as what they share and what each has of its own. Each entry r becomes (1 - v) r + v b tanh(r / b) with the
    visibility v of what it rests on and a bound b, so that habits do not move what is plainly seen.
    """
    visible = feature_visibility(conditions.visibility)
    found = softly(residual, visible, SEEN)
    place = _placed(residual[..., state.PELVIS], conditions.visibility[..., :1])
    place = jnp.einsum("bptij,bptj->bpti", conditions.placement, place)
    return found.at[..., state.PELVIS].set(place)


def softly(x: Array, visible: Array, bound: float) -> jax.Array:
    """x where nothing is visible, and no more than `bound` where all is."""
    x = jnp.asarray(x)
    return (1.0 - jnp.asarray(visible)) * x + visible * bound * jnp.tanh(x / bound)


def _placed(x: Array, visible: Array) -> jax.Array:
    """Pelvis residuals [B, P, T, 3] in camera terms, bounded. visible: [B, P, T, 1]."""
    across, depth = x[..., :2], x[..., 2:]
    partner = swap_people(depth)
    shared, own = 0.5 * (depth + partner), 0.5 * (depth - partner)
    depth = softly(shared, visible, _DEPTH_SHARED) + softly(own, visible, _DEPTH_OWN)
    return jnp.concatenate([softly(across, visible, _ACROSS), depth], axis=-1)
