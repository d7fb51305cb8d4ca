"""Capsules posed with the body: the cheap stand-in for its volume in penetration, occlusion and picture masks."""

import jax
import jax.numpy as jnp

from sm_jax.body.smpl import Body, Posed, attached, shaped
from sm_jax.geometry import safe
from sm_jax.types import Array


def capsules(body: Body, posed: Posed) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Axis ends start, end [..., P, T, C, 3] in the world and radius [..., P, C], in metres."""
    model = body.capsules
    start = shaped(model.start, model.start_shapedirs, posed.betas)
    end = shaped(model.end, model.end_shapedirs, posed.betas)
    growth = safe.einsum("ck,...k->...c", model.radius_shapedirs, posed.betas)
    radius = jnp.reshape(model.radius, (1,) * (growth.ndim - 1) + growth.shape[-1:]) + growth
    return attached(posed, start, model.joint), attached(posed, end, model.joint), radius


def signed_distance(points: Array, start: Array, end: Array, radius: Array) -> jax.Array:
    """Distance [..., S, C] in metres of points [..., S, 3] to each capsule's surface, negative inside.

    start, end: [..., C, 3].  radius: [..., C].
    """
    axis = end - start
    length = jnp.sum(jnp.square(axis), axis=-1)
    inverse = safe.divide(jnp.ones_like(length), length)[..., None, :]
    # Component by component: sums over an axis of three are many times slower on a CPU.
    bone = [axis[..., None, :, i] for i in range(3)]
    along = [points[..., :, None, i] - start[..., None, :, i] for i in range(3)]
    where = jnp.clip((along[0] * bone[0] + along[1] * bone[1] + along[2] * bone[2]) * inverse, 0, 1)
    # The nearest point of the axis is optimal, so to first order the distance does not change with its place.
    where = jax.lax.stop_gradient(where)
    squares = [jnp.square(along[i] - where * bone[i]) for i in range(3)]
    return safe.sqrt(squares[0] + squares[1] + squares[2]) - radius[..., None, :]
