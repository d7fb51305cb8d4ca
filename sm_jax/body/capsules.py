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
    along = points[..., :, None, :] - start[..., None, :, :]
    axis = axis[..., None, :, :]
    where = safe.divide(jnp.sum(along * axis, axis=-1), jnp.sum(jnp.square(axis), axis=-1))
    offset = along - jnp.clip(where, 0, 1)[..., None] * axis
    return safe.norm(offset) - radius[..., None, :]
