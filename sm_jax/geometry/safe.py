"""Elementary functions that are right over the whole float range, with finite gradients where the textbook's are not.

Three devices. Derivatives are written out with `divide`, which is zero over zero. Where they are not, a double `where`:
a single one is not enough, since the branch that is not taken still sends 0 * inf = NaN through its gradient. And a
scale by a power of two, which costs no accuracy, wherever a square would leave the range: lengths of 1e-30 and 1e30 are
lengths too.
"""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from sm_jax.geometry.layout import sum_small
from sm_jax.types import Array


@jax.custom_jvp
def sqrt(x: Array) -> jax.Array:
    """Square root; zero, with zero gradient, for x <= 0."""
    return jnp.sqrt(jnp.maximum(x, 0))


@sqrt.defjvp
def _sqrt_jvp(primals, tangents):
    root = sqrt(*primals)
    return root, divide(0.5 * tangents[0], root)


def dot(x: Array, y: Array, axis: int = -1) -> jax.Array:
    """Sum of products along `axis`, which stays as an axis of length one."""
    if x.shape[axis] > 4:
        return jnp.sum(x * y, axis=axis, keepdims=True)
    return sum_small(x * y, axis, keepdims=True)


def _scale(squares: jax.Array) -> jax.Array:
    """Power of two that brings numbers with this sum of squares to where squares are safe. One nearly everywhere."""
    exponent = jnp.finfo(squares.dtype).maxexp
    # Its own square is in the range too: of constants, the compiler takes (s x)^2 for s^2 x^2.
    up, down = (jnp.array(2.0**e, squares.dtype) for e in (exponent // 2 - 1, -exponent // 2 - 2))
    low, high = (jnp.array(2.0**e, squares.dtype) for e in (-25 * exponent // 32, 25 * exponent // 32))
    squares = lax.stop_gradient(squares)
    return jnp.where(squares < low, up, jnp.where(squares > high, down, jnp.ones_like(low)))


def _scaled(x: jax.Array, axis: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """x scaled to where squares are safe, its length there, and the scale."""
    scale = _scale(dot(x, x, axis))
    x = scale * x
    return x, sqrt(dot(x, x, axis)), scale


def norm(x: Array, axis: int = -1, keepdims: bool = False) -> jax.Array:
    """Euclidean length along `axis`; zero, with zero gradient, at the zero vector."""
    length = _norm(jnp.asarray(x), axis)
    return length if keepdims else jnp.squeeze(length, axis)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def _norm(x: jax.Array, axis: int) -> jax.Array:
    _, length, scale = _scaled(x, axis)
    return length / scale


@_norm.defjvp
def _norm_jvp(axis, primals, tangents):
    # Written out, since the scale and its inverse would not meet before one of them had left the range.
    (x,), (change,) = primals, tangents
    return _norm(x, axis), dot(normalise(x, axis), change, axis)


def distances(a: Array, b: Array) -> jax.Array:
    """Distance [..., N, M] of every point of a [..., N, 3] to every point of b [..., M, 3].

    Unlike `norm` it squares without scaling, being called on millions of pairs: right from 1e-18 to 1e18; nearer
    points are at zero, with zero gradient.
    """
    return sqrt(sum_small(jnp.square(a[..., :, None, :] - b[..., None, :, :]), -1))


def divide(numerator: Array, denominator: Array) -> jax.Array:
    """Quotient; zero, with zero gradient, where the denominator is zero. Both are of one rank and one float type."""
    return _divide(jnp.asarray(numerator), jnp.asarray(denominator))


@jax.custom_jvp
def _divide(numerator: jax.Array, denominator: jax.Array) -> jax.Array:
    return numerator / jnp.where(denominator == 0, jnp.inf, denominator)


@_divide.defjvp
def _divide_jvp(primals, tangents):
    # The textbook's n / d^2 is 0 * inf = NaN for n = 0 and a small d.
    quotient = divide(*primals)
    return quotient, divide(tangents[0] - quotient * tangents[1], primals[1])


@partial(jax.jit, static_argnames="axis")
def normalise(x: Array, axis: int = -1) -> jax.Array:
    """Unit vector along `axis`; the zero vector stays zero, with zero gradient."""
    return _normalise(jnp.asarray(x), axis)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def _normalise(x: jax.Array, axis: int) -> jax.Array:
    scaled, length, _ = _scaled(x, axis)
    return divide(scaled, length)


@_normalise.defjvp
def _normalise_jvp(axis, primals, tangents):
    (x,), (change,) = primals, tangents
    _, length, scale = _scaled(x, axis)
    unit, change = _normalise(x, axis), scale * change
    return unit, divide(change - dot(unit, change, axis) * unit, length)


def acos(x: Array) -> jax.Array:
    """Arc cosine of x clipped to [-1, 1]; zero gradient at and beyond the ends.

    For the angle of a rotation use `rotations.angle_between`, which keeps its precision near 0 and pi.
    """
    inside = jnp.abs(x) < 1
    end = jnp.where(x > 0, 0.0, jnp.pi).astype(jnp.result_type(x))
    return jnp.where(inside, jnp.arccos(jnp.where(inside, x, 0)), end)


def atan2(y: Array, x: Array) -> jax.Array:
    """Angle of the vector (x, y) in [-pi, pi]; zero, with zero gradient, at the origin."""
    return _atan2(jnp.asarray(y), jnp.asarray(x))


@jax.custom_jvp
def _atan2(y: jax.Array, x: jax.Array) -> jax.Array:
    return jnp.arctan2(y, jnp.where(x == 0, 0, x))  # that of minus zero is a half turn


@_atan2.defjvp
def _atan2_jvp(primals, tangents):
    scale = _scale(jnp.square(primals[0]) + jnp.square(primals[1]))
    (y, x), (y_change, x_change) = ((scale * a, scale * b) for a, b in (primals, tangents))
    return _atan2(*primals), divide(x * y_change - y * x_change, jnp.square(x) + jnp.square(y))


def matmul(a: Array, b: Array) -> jax.Array:
    """Matrix product in full float32: accelerators would default to TF32 or bfloat16."""
    return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)


def einsum(subscripts: str, *operands: Array) -> jax.Array:
    """Einstein sum in full float32: accelerators would default to TF32 or bfloat16."""
    return jnp.einsum(subscripts, *operands, precision=jax.lax.Precision.HIGHEST)
