"""Lens distortion of Brown and Conrady, as in OpenCV: radial (polynomial or rational) and tangential.

Coefficients [..., C] in OpenCV's order: k1 k2 p1 p2, then k3 (C = 5), then k4 k5 k6 (C = 8). A *normalised* point is
(x / z, y / z) of a point in the camera frame; (0, 0) is the optical axis.
"""

import jax
import jax.numpy as jnp
from jax import lax

from sm_jax.geometry import camera, safe
from sm_jax.types import Array

# Distortion is constant beyond this distance from the axis (89.4 degrees), where no lens is calibrated: the determinant
# of its derivative must stay inside float32.
_FAR = 100.0
_STEPS = 20


def distort(normalised: Array, coefficients: Array) -> jax.Array:
    """Normalised points [..., 2] as the lens bends them. Coefficients have the points' leading axes or none.

    Far off the axis the polynomial may turn back towards it, in OpenCV as here: keep to the calibrated field of view.
    """
    if coefficients.shape[-1] not in (4, 5, 8):
        raise ValueError(f"distortion has 4, 5 or 8 coefficients, not {coefficients.shape[-1]}")
    normalised = jnp.asarray(normalised)
    k1, k2, p1, p2, *more = (coefficients[..., i] for i in range(coefficients.shape[-1]))
    k3, *rational = more or (jnp.zeros_like(k1),)
    x, y = jnp.clip(normalised[..., 0], -_FAR, _FAR), jnp.clip(normalised[..., 1], -_FAR, _FAR)
    r2 = jnp.square(x) + jnp.square(y)
    radial = r2 * (k1 + r2 * (k2 + r2 * k3))
    if rational:
        k4, k5, k6 = rational
        denominator = r2 * (k4 + r2 * (k5 + r2 * k6))
        radial = safe.divide(radial - denominator, 1 + denominator)
    shift_x = radial * x + 2 * p1 * x * y + p2 * (r2 + 2 * jnp.square(x))
    shift_y = radial * y + p1 * (r2 + 2 * jnp.square(y)) + 2 * p2 * x * y
    return normalised + jnp.stack([shift_x, shift_y], axis=-1)


@jax.custom_jvp
def undistort(distorted: Array, coefficients: Array) -> jax.Array:
    """The normalised points [..., 2] that `distort` takes to `distorted`: its inverse to float precision.

    Newton's method, whose step is halved where it would not come nearer; the gradient is that of the exact inverse
    (implicit function theorem). A point that no point is bent to (outside the image of the lens) gets the nearest
    that was met, finite and with a finite gradient.
    """
    distorted = jnp.asarray(distorted)

    def step(_, state):
        x, residual, error, length = state
        move = _solve(_jacobian(x, coefficients), residual)
        tried = x - length * move
        left = distort(tried, coefficients) - distorted
        new_error = safe.dot(left, left)
        nearer = new_error < error
        x, residual = jnp.where(nearer, tried, x), jnp.where(nearer, left, residual)
        return x, residual, jnp.where(nearer, new_error, error), jnp.where(nearer, 1, length / 2)

    residual = distort(distorted, coefficients) - distorted
    error = safe.dot(residual, residual)
    return lax.fori_loop(0, _STEPS, step, (distorted, residual, error, jnp.ones_like(error)))[0]


@undistort.defjvp
def _undistort_jvp(primals, tangents):
    x = undistort(*primals)
    _, bent = jax.jvp(lambda coefficients: distort(x, coefficients), primals[1:], tangents[1:])
    return x, _solve(_jacobian(x, primals[1]), tangents[0] - bent)


def project(K: Array, coefficients: Array, points_camera: Array) -> jax.Array:
    """Pixels [..., 2] of points [..., 3] in the camera frame, through the lens; else as `camera.project`."""
    x, y = points_camera[..., 0], points_camera[..., 1]
    z = jnp.maximum(points_camera[..., 2], camera.NEAR)
    bent = distort(jnp.stack([x / z, y / z], axis=-1), coefficients)
    return camera.project(K, jnp.concatenate([bent, jnp.ones_like(bent[..., :1])], axis=-1))


def undistort_pixels(K: Array, coefficients: Array, pixels: Array) -> jax.Array:
    """Where pixels [..., 2] would be without the lens: then everything else may take the camera for a pinhole."""
    straight = undistort(camera.normalised(K, pixels), coefficients)
    return camera.project(K, jnp.concatenate([straight, jnp.ones_like(straight[..., :1])], axis=-1))


def _jacobian(x: Array, coefficients: Array) -> jax.Array:
    """Derivative [..., 2, 2] of `distort` at x [..., 2]."""

    def column(i: int) -> jax.Array:
        unit = jnp.zeros_like(x).at[..., i].set(1)
        return jax.jvp(lambda x: distort(x, coefficients), (x,), (unit,))[1]

    return jnp.stack([column(0), column(1)], axis=-1)


def _solve(J: jax.Array, b: jax.Array) -> jax.Array:
    """J^-1 b of [..., 2, 2] and [..., 2]; zero where J is singular."""
    determinant = J[..., 0, 0] * J[..., 1, 1] - J[..., 0, 1] * J[..., 1, 0]
    x = J[..., 1, 1] * b[..., 0] - J[..., 0, 1] * b[..., 1]
    y = J[..., 0, 0] * b[..., 1] - J[..., 1, 0] * b[..., 0]
    return safe.divide(jnp.stack([x, y], axis=-1), determinant[..., None])
