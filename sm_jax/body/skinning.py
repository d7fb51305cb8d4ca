"""Linear blend skinning of many frames, written for the memory of the machine.

Dense skinning makes a 3 x 4 matrix for every vertex of every frame: twelve numbers for each three of the result, most
of the time of a plain implementation. Here the batch is the last axis, so that a vertex's few joints are rows of a
table that stays in the cache; the mesh goes through in blocks of vertices; and the backward pass is written out
(measured by `python -m experiments.benchmarks.body`). Everything is a function of arrays `[..., N]`, N = all
frames of all people.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero
from jax.tree_util import register_dataclass

from sm_jax.geometry import safe
from sm_jax.geometry.by_platform import by_platform
from sm_jax.geometry.layout import rotate_last
from sm_jax.types import Array

_BLOCK = (192, 512)  # vertices to a block: at least, at most
_CACHE = 8 << 20  # bytes that the positions of a block may fill; blocks are merged up to there


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Skin:
    """A set of V vertices in `n` blocks of `v`, padded with vertices of no weight, ready for the kernels below.

    blend: [n, v * 3, M] rest position as a linear function of M features: pose (207, if the model has pose blend
    shapes), betas (N), one.  blend_T: [M, n * v * 3] the same for the backward pass, where this order is much faster.
    joint: [n, v, K] int32 and weight: [n, v, K], the K joints that move a vertex.  dense: [n, v, 24] the same weights
    by joint.  size: V.
    """

    blend: Array
    blend_T: Array
    joint: Array
    weight: Array
    dense: Array
    size: int = dataclasses.field(metadata={"static": True})


def prepare(v_template: np.ndarray, shapedirs: np.ndarray, posedirs: np.ndarray, weights: np.ndarray) -> Skin:
    """The skin of v_template [V, 3], shapedirs [V, 3, N], posedirs [V, 3, 207 or 0], weights [V, 24]."""
    V = len(v_template)
    n = vertex_blocks(V)
    v = -(-V // n)
    blend = np.concatenate([posedirs, shapedirs, v_template[..., None]], axis=-1)
    blend = np.pad(blend, [(0, n * v - V), (0, 0), (0, 0)]).reshape(n * v * 3, -1)
    K = max(1, int(np.count_nonzero(weights, axis=1).max()))
    joint = np.argsort(-weights, axis=1, kind="stable")[:, :K]

    def blocks(x: np.ndarray) -> np.ndarray:
        return np.pad(x, [(0, n * v - V)] + [(0, 0)] * (x.ndim - 1)).reshape(n, v, *x.shape[1:])

    return Skin(
        blend=jnp.asarray(blend.reshape(n, v * 3, -1)),
        blend_T=jnp.asarray(np.ascontiguousarray(blend.T)),
        joint=jnp.asarray(blocks(joint).astype(np.int32)),
        weight=jnp.asarray(blocks(np.take_along_axis(weights, joint, axis=1))),
        dense=jnp.asarray(blocks(weights)),
        size=V,
    )


def vertex_blocks(V: int) -> int:
    """How many blocks: no padding if a size within `_BLOCK` allows it, else as little as possible."""
    low, high = _BLOCK
    counts = range(-(-V // high), max(1, V // low) + 1)
    return min(counts, key=lambda n: (-V % n, abs(V / n - np.sqrt(low * high))))


def dense_skin(skin: Skin, transforms: Array, features: Array) -> jax.Array:
    """Vertices [V, 3, N] of a small set, by dense weights. Any order and mode of differentiation.

    transforms: [24, 3, 4, N] world from rest pose, per joint.  features: [M, N], see `Skin`.
    """
    N = features.shape[-1]
    rest = safe.matmul(skin.blend.reshape(-1, skin.blend.shape[-1]), features).reshape(-1, 3, N)
    dense = skin.dense.reshape(-1, skin.dense.shape[-1])
    # One product for each column of the transforms: their gradients then need no padding of large arrays.
    x, y, z, t = (safe.matmul(dense, transforms[:, :, k].reshape(-1, 3 * N)).reshape(-1, 3, N) for k in range(4))
    return (x * rest[:, 0, None] + y * rest[:, 1, None] + z * rest[:, 2, None] + t)[: skin.size]


@jax.custom_vjp
def mesh_skin(skin: Skin, transforms: Array, features: Array) -> jax.Array:
    """Vertices [V, 3, N], arguments as in `dense_skin`. For whole meshes: no array of 3 x 4 matrices per vertex.

    Differentiable in transforms and features in reverse mode. Raises TypeError when differentiated in the model itself.
    """
    return _in_blocks(partial(_mesh, keep_rest=False), skin, transforms, features)[0]


def _forward(skin: Any, transforms: Any, features: Any) -> tuple[jax.Array, tuple[Skin, Array, Array]]:
    is_input = lambda x: hasattr(x, "perturbed")  # noqa: E731
    if any(x.perturbed for x in jax.tree.leaves(skin, is_leaf=is_input)):
        raise TypeError("The mesh has no gradient in the body model's own arrays: use its surface points, which have.")
    skin, transforms, features = jax.tree.map(lambda x: x.value, (skin, transforms, features), is_leaf=is_input)
    vertices, rest = _in_blocks(partial(_mesh, keep_rest=True), skin, transforms, features)
    return vertices, (skin, transforms, rest)


def _backward(residual: tuple[Skin, Array, Array], cotangent: Any) -> tuple[None, jax.Array, jax.Array]:
    skin, transforms, rest = residual
    if isinstance(cotangent, SymbolicZero):
        cotangent = jnp.zeros_like(rest[: skin.size])
    return None, *_in_blocks(_pullback, skin, transforms, rest, cotangent)


mesh_skin.defvjp(_forward, _backward, symbolic_zeros=True)


def _in_blocks(function: Callable, skin: Skin, *arrays: Array) -> Any:
    """`function` in blocks that fit a CPU's cache, or at one go on an accelerator."""

    def blocks(skin: Skin, *arrays: Array) -> Any:
        n, v, _ = skin.joint.shape
        most = _CACHE // (v * 3 * arrays[0].shape[-1] * arrays[0].dtype.itemsize)
        # At least two: the compiler would dissolve a loop of one pass and fuse the skinning into whatever reads it.
        merge = max((k for k in range(1, n // 2 + 1) if n % k == 0 and k <= most), default=1)
        return function(_merged(skin, merge), *arrays)

    def whole(skin: Skin, *arrays: Array) -> Any:
        return function(_merged(skin, len(skin.joint)), *arrays)

    return by_platform(blocks, whole, skin, *arrays)


def _merged(skin: Skin, count: int) -> Skin:
    """The same skin with every `count` blocks made one. Moves no data."""
    arrays = (skin.blend, skin.joint, skin.weight, skin.dense)
    blend, joint, weight, dense = (x.reshape(len(x) // count, -1, x.shape[-1]) for x in arrays)
    return dataclasses.replace(skin, blend=blend, joint=joint, weight=weight, dense=dense)


def _mesh(skin: Skin, transforms: Array, features: Array, keep_rest: bool) -> list[jax.Array]:
    """Vertices [V, 3, N] and, if asked for, the rest positions [n * v, 3, N] that the backward pass needs."""

    def block(_: None, part: tuple[Array, Array, Array]) -> tuple[None, tuple[jax.Array, ...]]:
        blend, joint, weight = part
        rest = safe.matmul(blend, features).reshape(-1, 3, features.shape[-1])
        return None, (_gathered(transforms, joint, weight, rest), rest)[: 1 + keep_rest]

    _, results = jax.lax.scan(block, None, (skin.blend, skin.joint, skin.weight))
    vertices, *rest = (x.reshape(-1, *x.shape[2:]) for x in results)
    return [vertices[: skin.size], *rest]


def _pullback(skin: Skin, transforms: Array, rest: Array, cotangent: Array) -> tuple[jax.Array, jax.Array]:
    """Cotangents of transforms [24, 3, 4, N] and features [M, N]."""
    n, v, _ = skin.joint.shape
    N = rest.shape[-1]
    cotangent = jnp.pad(cotangent, ((0, n * v - skin.size), (0, 0), (0, 0)))

    def block(sums: tuple[Array, ...], part: tuple[Array, Array, Array]) -> tuple[tuple[Array, ...], None]:
        dense, rest, g = part
        columns = [g * rest[:, k, None] for k in range(3)] + [g]
        return tuple(s + safe.matmul(dense.T, c.reshape(v, -1)) for s, c in zip(sums, columns, strict=True)), None

    zero = jnp.zeros((len(transforms), 3 * N), rest.dtype)
    parts = skin.dense, rest.reshape(n, v, 3, N), cotangent.reshape(n, v, 3, N)
    sums, _ = jax.lax.scan(block, (zero,) * 4, parts)
    to_transforms = jnp.stack([s.reshape(-1, 3, N) for s in sums], axis=2)

    # A product with the identity, because the compiler would otherwise build this table anew for every vertex.
    inverse = jnp.swapaxes(transforms[:, :, :3], 1, 2)
    inverse = safe.einsum("ij,j...->i...", jnp.eye(len(inverse), dtype=inverse.dtype), inverse)
    to_rest = _gathered(inverse, skin.joint.reshape(n * v, -1), skin.weight.reshape(n * v, -1), cotangent)
    return to_transforms, safe.matmul(skin.blend_T, to_rest.reshape(n * v * 3, N))


def _gathered(table: Array, joint: Array, weight: Array, x: Array) -> jax.Array:
    """Sum over a vertex's joints of weight * matrix * x, [v, 3, N].

    table: [24, 3, C, N], C = 3 for a rotation, 4 with a translation.  joint, weight: [v, K].  x: [v, 3, N].
    """
    total = jnp.zeros_like(x)
    for k in range(joint.shape[1]):
        # "clip" keeps the index computation out of the inner loop: three times faster than promising it is in range.
        matrix = jnp.take(table, joint[:, k], axis=0, mode="clip")
        moved = rotate_last(matrix[:, :, :3], x)
        total = total + weight[:, k, None, None] * (moved if table.shape[2] == 3 else moved + matrix[:, :, 3])
    return total
