"""Elementary functions whose gradient is finite where the textbook one is not (a double `where`).

A single `where` is not enough: the branch that is not taken still sends 0 * inf = NaN through its gradient.
"""

import jax
import jax.numpy as jnp

from sm_jax.types import Array


def sqrt(x: Array) -> jax.Array:
    """Square root; zero, with zero gradient, for x <= 0."""
    positive = x > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, x, 1)), 0)


def norm(x: Array, axis: int = -1, keepdims: bool = False) -> jax.Array:
    """Euclidean length along `axis`; zero, with zero gradient, at the zero vector."""
    return sqrt(jnp.sum(jnp.square(x), axis=axis, keepdims=keepdims))


def distances(a: Array, b: Array) -> jax.Array:
    """Distance [..., N, M] of every point of a [..., N, 3] to every point of b [..., M, 3].

    Component by component: a sum over an axis of three is many times slower on a CPU.
    """
    squares = [jnp.square(a[..., :, None, i] - b[..., None, :, i]) for i in range(3)]
    return sqrt(squares[0] + squares[1] + squares[2])


def divide(numerator: Array, denominator: Array) -> jax.Array:
    """Quotient; zero, with zero gradient, where the denominator is zero."""
    nonzero = denominator != 0
    return jnp.where(nonzero, numerator / jnp.where(nonzero, denominator, 1), 0)


def normalise(x: Array, axis: int = -1) -> jax.Array:
    """Unit vector along `axis`; the zero vector stays zero, with zero gradient."""
    # Scaling first keeps the square of very short and very long vectors inside float32.
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(x), axis=axis, keepdims=True))
    scaled = divide(x, largest)
    return divide(scaled, norm(scaled, axis=axis, keepdims=True))


def acos(x: Array) -> jax.Array:
    """Arc cosine of x clipped to [-1, 1]; zero gradient at and beyond the ends.

    For the angle of a rotation use `rotations.angle_between`, which keeps its precision near 0 and pi.
    """
    inside = jnp.abs(x) < 1
    end = jnp.where(x > 0, 0.0, jnp.pi).astype(jnp.result_type(x))
    return jnp.where(inside, jnp.arccos(jnp.where(inside, x, 0)), end)


def atan2(y: Array, x: Array) -> jax.Array:
    """Angle of the vector (x, y) in (-pi, pi]; zero, with zero gradient, at the origin."""
    origin = (x == 0) & (y == 0)
    return jnp.arctan2(jnp.where(origin, 0, y), jnp.where(origin, 1, x))


def matmul(a: Array, b: Array) -> jax.Array:
    """Matrix product in full float32: accelerators would default to TF32 or bfloat16."""
    return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)


def einsum(subscripts: str, *operands: Array) -> jax.Array:
    """Einstein sum in full float32: accelerators would default to TF32 or bfloat16."""
    return jnp.einsum(subscripts, *operands, precision=jax.lax.Precision.HIGHEST)
