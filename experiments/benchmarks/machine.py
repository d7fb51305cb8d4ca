"""The least time that this machine needs for the arithmetic and the memory traffic of a mesh and its gradient."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

VERTICES, BETAS, INFLUENCES = 6890, 10, 4  # SMPL's sizes
FEATURES = 207 + BETAS + 1  # pose, shape and the template
_SIDE = 2048  # a product of this size runs as fast as any


def work(batch: int) -> tuple[float, float]:
    """Floating-point operations and bytes of the mesh, forward and backward, that no implementation can leave out.

    The blend shapes are a product with a dense matrix, and one with its transpose. Skinning blends INFLUENCES matrices
    of 3 x 4 a vertex and applies them, and has two cotangents of the same cost. The blend shapes are read twice; the
    vertices and their cotangent are written and read once.
    """
    coordinates = 3.0 * VERTICES * batch
    operations = 2 * 2 * coordinates * FEATURES + 3 * 2 * VERTICES * batch * (12 * INFLUENCES + 9)
    return operations, 4 * (2 * 3 * VERTICES * FEATURES + 4 * coordinates)


def bound(batch: int) -> Callable:
    """A function that multiplies well-shaped matrices and copies memory, as much as `work` says; arguments ignored.

    float32 throughout. Memory that is copied counts twice, being read and written.
    """
    operations, traffic = work(batch)
    left = jnp.ones((round(operations / (2 * _SIDE**2)), _SIDE))
    right = jnp.ones((_SIDE, _SIDE))
    product = jax.jit(lambda a, b: jnp.sum(jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)))
    source = np.ones(round(traffic / 8), np.float32)
    target = np.ones_like(source)

    def run(*_: np.ndarray) -> None:
        product(left, right).block_until_ready()
        np.copyto(target, source)

    return run
