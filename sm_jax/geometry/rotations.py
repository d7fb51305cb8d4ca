"""Conversions between rotation matrices and the forms used at the file border and by the networks.

Inside the package a rotation is a matrix [..., 3, 3]; networks see its first two columns (6D, Zhou et al.,
CVPR 2019); files hold axis-angle. Quaternions are (w, x, y, z).

Conversions are compiled, here and wherever else people call functions from a prompt: uncompiled, each would be dozens
of programs to compile, one an operation. Within a compiled function this changes nothing.
"""

import chex
import jax
import jax.numpy as jnp
from jax import lax

from sm_jax.geometry import safe
from sm_jax.geometry.layout import sum_small
from sm_jax.types import Array


def compose(a: Array, b: Array) -> jax.Array:
    """Matrix product a b of [..., 3, 3], leading axes of the same rank.

    Written as a sum of three outer products: the compiler fuses them, which on a CPU is 5 to 20 times faster than a
    reduction over an axis of three or than many tiny matrix products, and keeps full precision on every device.
    """
    a, b = jnp.asarray(a), jnp.asarray(b)
    columns, rows = lax.split(a, (1, 1, 1), a.ndim - 1), lax.split(b, (1, 1, 1), b.ndim - 2)
    return columns[0] * rows[0] + columns[1] * rows[1] + columns[2] * rows[2]


def rotate(R: Array, x: Array) -> jax.Array:
    """R x of [..., 3, 3] and [..., 3], leading axes of the same rank. Written out as `compose` is."""
    return sum_small(jnp.asarray(R) * jnp.asarray(x)[..., None, :], -1)


def transpose(R: Array) -> jax.Array:
    """The inverse rotation [..., 3, 3]."""
    chex.assert_shape(R, (..., 3, 3))
    return jnp.swapaxes(R, -1, -2)


def skew(v: Array) -> jax.Array:
    """Matrix [..., 3, 3] of the cross product with v [..., 3]."""
    x, y, z = v[..., 0], v[..., 1], v[..., 2]
    zero = jnp.zeros_like(x)
    return jnp.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*v.shape, 3)


def vee(R: Array) -> jax.Array:
    """Axis times sin(angle) of R: the vector [..., 3] of its skew-symmetric part."""
    return 0.5 * jnp.stack(
        [R[..., 2, 1] - R[..., 1, 2], R[..., 0, 2] - R[..., 2, 0], R[..., 1, 0] - R[..., 0, 1]], axis=-1
    )


@jax.jit
def axis_angle_to_matrix(axis_angle: Array) -> jax.Array:
    """Exponential map, [..., 3] in radians to [..., 3, 3]. Any angle; smooth at zero."""
    chex.assert_shape(axis_angle, (..., 3))
    return _unit_quaternion_to_matrix(axis_angle_to_quaternion(axis_angle))


@jax.jit
def matrix_to_axis_angle(R: Array) -> jax.Array:
    """Logarithm, [..., 3, 3] to [..., 3] in radians, angle in [0, pi]. Accurate at both ends.

    A half turn has two axes; which one is returned is not specified, and the gradient there is that of one of them.
    """
    chex.assert_shape(R, (..., 3, 3))
    return _unit_quaternion_to_axis_angle(matrix_to_quaternion(R))


def matrix_to_6d(R: Array) -> jax.Array:
    """First two columns one after the other, [..., 3, 3] to [..., 6]."""
    chex.assert_shape(R, (..., 3, 3))
    return jnp.concatenate([R[..., :, 0], R[..., :, 1]], axis=-1)


@jax.jit
def sixd_to_matrix(sixd: Array) -> jax.Array:
    """Gram-Schmidt, [..., 6] to [..., 3, 3]. Degenerate input gives a finite matrix that is no rotation."""
    chex.assert_shape(sixd, (..., 6))
    # Components first: long vectors side by side, where strides of three would be slower to run and to compile.
    sixd = jnp.moveaxis(sixd, -1, 0)
    x = safe.normalise(sixd[:3], axis=0)
    y = safe.normalise(sixd[3:] - safe.dot(x, sixd[3:], axis=0) * x, axis=0)
    z = _next(x * _next(y) - _next(x) * y)  # the cross product
    return jnp.moveaxis(jnp.stack([x, y, z], axis=1), (0, 1), (-2, -1))


def _next(x: jax.Array) -> jax.Array:
    """Components [3, ...] in the order y, z, x."""
    return jnp.concatenate([x[1:], x[:1]])


@jax.jit
def matrix_to_quaternion(R: Array) -> jax.Array:
    """[..., 3, 3] to unit (w, x, y, z) [..., 4] with w >= 0.

    Of the four algebraically equal forms the one with the largest pivot is taken (Shepperd 1978).
    """
    chex.assert_shape(R, (..., 3, 3))
    m00, m11, m22 = R[..., 0, 0], R[..., 1, 1], R[..., 2, 2]
    pivots = jnp.stack([1 + m00 + m11 + m22, 1 + m00 - m11 - m22, 1 - m00 + m11 - m22, 1 - m00 - m11 + m22], axis=-1)
    w = 2 * vee(R)
    xy, yz, zx = R[..., 0, 1] + R[..., 1, 0], R[..., 1, 2] + R[..., 2, 1], R[..., 2, 0] + R[..., 0, 2]
    rows = jnp.stack(
        [
            jnp.stack([pivots[..., 0], w[..., 0], w[..., 1], w[..., 2]], axis=-1),
            jnp.stack([w[..., 0], pivots[..., 1], xy, zx], axis=-1),
            jnp.stack([w[..., 1], xy, pivots[..., 2], yz], axis=-1),
            jnp.stack([w[..., 2], zx, yz, pivots[..., 3]], axis=-1),
        ],
        axis=-2,
    )
    best = jnp.argmax(pivots, axis=-1)[..., None, None]
    q = safe.normalise(jnp.take_along_axis(rows, best, axis=-2)[..., 0, :])
    return jnp.where(q[..., :1] < 0, -q, q)


@jax.jit
def quaternion_to_matrix(q: Array) -> jax.Array:
    """(w, x, y, z) [..., 4], of any length, to [..., 3, 3]. The zero quaternion gives the identity."""
    chex.assert_shape(q, (..., 4))
    return _unit_quaternion_to_matrix(safe.normalise(q))


@jax.jit
def axis_angle_to_quaternion(axis_angle: Array) -> jax.Array:
    """[..., 3] in radians to unit (w, x, y, z) [..., 4]; w < 0 beyond a half turn. Smooth at zero."""
    chex.assert_shape(axis_angle, (..., 3))
    angle = safe.norm(axis_angle, keepdims=True)
    small = angle < 0.1
    # Taylor series near zero: the quotient's derivatives would cancel there long before its value does.
    near = jnp.where(small, axis_angle, 0)
    z = safe.dot(near, near)
    angle = jnp.where(small, 1, angle)
    w = jnp.where(small, 1 - z / 8 * (1 - z / 48 * (1 - z / 120)), jnp.cos(angle / 2))
    factor = jnp.where(small, 0.5 - z / 48 * (1 - z / 80 * (1 - z / 168)), jnp.sin(angle / 2) / angle)
    return jnp.concatenate([w, factor * axis_angle], axis=-1)


@jax.jit
def quaternion_to_axis_angle(q: Array) -> jax.Array:
    """(w, x, y, z) [..., 4], of any length, to [..., 3] in radians, angle in [0, pi]. q and -q are one rotation."""
    chex.assert_shape(q, (..., 4))
    q = safe.normalise(q)
    return _unit_quaternion_to_axis_angle(jnp.where(q[..., :1] < 0, -q, q))


def _unit_quaternion_to_matrix(q: jax.Array) -> jax.Array:
    # Stacked in front and moved back at once: nine strided writes, and their gradient, are slower.
    w, x, y, z = jnp.moveaxis(q, -1, 0)
    entries = jnp.stack(
        [
            1 - 2 * (y * y + z * z),
            2 * (x * y - w * z),
            2 * (x * z + w * y),
            2 * (x * y + w * z),
            1 - 2 * (x * x + z * z),
            2 * (y * z - w * x),
            2 * (x * z - w * y),
            2 * (y * z + w * x),
            1 - 2 * (x * x + y * y),
        ]
    )
    return jnp.moveaxis(entries, 0, -1).reshape(*q.shape[:-1], 3, 3)


def _unit_quaternion_to_axis_angle(q: jax.Array) -> jax.Array:
    """q has w >= 0."""
    sine = safe.norm(q[..., 1:], keepdims=True)
    small = sine < 0.03
    near = jnp.where(small, q[..., 1:], 0)
    z = safe.dot(near, near)
    series = 2 + z * (1 / 3 + z * (3 / 20 + z * (5 / 56 + z * (35 / 576))))  # 2 asin(s) / s
    sine = jnp.where(small, 1, sine)
    return jnp.where(small, series, 2 * safe.atan2(sine, q[..., :1]) / sine) * q[..., 1:]


@jax.jit
def slerp(R_a: Array, R_b: Array, u: Array) -> jax.Array:
    """Rotation [..., 3, 3] on the shortest way from R_a (u = 0) to R_b (u = 1); u is [...]."""
    chex.assert_shape([R_a, R_b], (..., 3, 3))
    way = matrix_to_axis_angle(compose(transpose(R_a), R_b))
    return compose(R_a, axis_angle_to_matrix(u[..., None] * way))


@jax.jit
def shortest_arc(a: Array, b: Array) -> jax.Array:
    """The smallest rotation [..., 3, 3] that turns the direction of a [..., 3] into that of b [..., 3].

    The identity where either is zero or the two are opposite; gradients are finite everywhere.
    """
    a, b = jnp.broadcast_arrays(safe.normalise(a), safe.normalise(b))
    axis = jnp.cross(a, b)
    angle = safe.atan2(safe.norm(axis, keepdims=True), jnp.sum(a * b, axis=-1, keepdims=True))
    return axis_angle_to_matrix(safe.normalise(axis) * angle)


def angle_between(R_a: Array, R_b: Array) -> jax.Array:
    """Geodesic distance [...] in radians, in [0, pi]. Accurate at both ends."""
    chex.assert_shape([R_a, R_b], (..., 3, 3))
    R = compose(transpose(R_a), R_b)
    cosine = 0.5 * (R[..., 0, 0] + R[..., 1, 1] + R[..., 2, 2] - 1)
    return safe.atan2(safe.norm(vee(R)), cosine)


def nearest_rotation(M: Array) -> jax.Array:
    """The rotation [..., 3, 3] nearest to a matrix in the Frobenius norm (Kabsch 1976). Zero gives the identity.

    The gradient is written out: it divides by sums of singular values, not by their differences as the gradient
    of an SVD does, so it stays finite for symmetric point sets. Directions in which M does not determine the rotation
    (points on a line, perfect mirror images) have zero gradient. First derivatives only.
    """
    M = jnp.asarray(M)
    M = safe.divide(M, lax.stop_gradient(jnp.max(jnp.abs(M), axis=(-1, -2), keepdims=True)))
    wide = M.astype(jnp.float32) if M.dtype.itemsize < 4 else M  # there is no SVD of bfloat16
    return _nearest_rotation(wide).astype(M.dtype)


def _proper_svd(M: Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """SVD with det(U Vt) = 1; the smallest singular value carries the sign."""
    U, S, Vt = jnp.linalg.svd(M)
    sign = jnp.where(jnp.linalg.det(safe.matmul(U, Vt)) < 0, -1, 1).astype(S.dtype)
    last = jnp.concatenate([jnp.ones_like(S[..., :2]), sign[..., None]], axis=-1)
    return U * last[..., None, :], S * last, Vt


@jax.custom_jvp
def _nearest_rotation(M: jax.Array) -> jax.Array:
    U, _, Vt = _proper_svd(M)
    return safe.matmul(U, Vt)


@_nearest_rotation.defjvp
def _nearest_rotation_jvp(primals, tangents):
    U, S, Vt = _proper_svd(primals[0])
    A = safe.matmul(safe.matmul(transpose(U), tangents[0]), transpose(Vt))
    sums = S[..., :, None] + S[..., None, :]
    noise = 8 * jnp.finfo(S.dtype).eps * S[..., :1, None]
    spin = safe.divide(A - transpose(A), jnp.where(sums > noise, sums, 0))
    return safe.matmul(U, Vt), safe.matmul(safe.matmul(U, spin), Vt)
