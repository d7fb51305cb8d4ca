"""How far points are from a posed skin: tables of signed distance, one for each part of the body, that move with it.

The part whose capsule is nearest takes a point into the rest pose, and its table says how far the skin is there. Each
table holds the distance to the whole skin, not to its part's alone, so neighbours agree where the body is straight.
Where bent parts hand over to one another the distance steps. Blending the two nearest parts would close the seam, at
several times the cost and, as measured, no less error.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sm_jax.body.capsules import LAYOUT, capsules
from sm_jax.body.mesh import nearest_on_mesh, vertex_normals
from sm_jax.body.smpl import Body, Posed, shaped
from sm_jax.geometry import rotations, safe
from sm_jax.geometry.by_platform import by_platform
from sm_jax.geometry.layout import sum_small
from sm_jax.types import Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class PosedField:
    """The distance field of a posed body (C parts) as `signed_distance` reads it. Leading axes [..., P].

    start, end: [..., P, T, C, 3] capsules in the world.  radius: [..., P, C].
    world_to_rest: [..., P, T, C, 12] takes the world to the rest pose as each part sees it: R [3, 3], then t [3].
    low: [..., P, C, 3] corner of each part's table in the rest pose.  density: [..., P, C, 3] its nodes a metre.
    cells: [..., P, C (n-1)^3, 8] signed distance at the corners of each cell, in metres.
    """

    start: Array
    end: Array
    radius: Array
    world_to_rest: Array
    low: Array
    density: Array
    cells: Array


def pose_field(body: Body, posed: Posed) -> PosedField:
    """The distance field of a posed body, for `signed_distance`."""
    field, joint, betas = body.distance_field, body.capsules.joint, posed.betas
    start, end, radius = capsules(body, posed)
    low = shaped(field.low, field.low_shapedirs, betas)
    high = shaped(field.high, field.high_shapedirs, betas)
    n = field.distance.shape[-1]
    growth = safe.einsum("cijkb,...b->...cijk", field.distance_shapedirs, betas)
    table = jnp.reshape(field.distance, (1,) * (growth.ndim - 4) + field.distance.shape) + growth
    ends = slice(0, n - 1), slice(1, n)
    cells = jnp.stack([table[..., i, j, k] for i in ends for j in ends for k in ends], axis=-1)
    R = jnp.swapaxes(posed.R_world_joint[..., joint, :, :], -1, -2)
    t = posed.rest_joints[..., None, joint, :] - rotations.rotate(R, posed.joints[..., joint, :])
    return PosedField(
        start=start,
        end=end,
        radius=radius,
        world_to_rest=jnp.concatenate([R.reshape(*R.shape[:-2], 9), t], axis=-1),
        low=low,
        density=(n - 1) / (high - low),
        cells=cells.reshape(*cells.shape[:-5], -1, 8),
    )


def signed_distance(points: Array, field: PosedField) -> jax.Array:
    """Distance [..., P, T, S] in metres of points [..., P, T, S, 3] to the posed skins [..., P], negative inside.

    Far outside it only bounds the distance from above.
    """
    part = nearest_part(*jax.lax.stop_gradient((points, field.start, field.end, field.radius)))
    box = _rows(jnp.concatenate([field.low, field.density], axis=-1)[..., None, :, :], part)
    low, density = box[:3], box[3:]
    n = round((field.cells.shape[-2] / field.radius.shape[-1]) ** (1 / 3)) + 1
    at = (_to_rest(points, field.world_to_rest, part) - low) * density
    place = jnp.clip(at, 0, n - 1)
    beyond = (at - place) / density
    return _interpolate(field.cells, part, place, n) + safe.sqrt(sum_small(jnp.square(beyond), 0))


def nearest_part(points: Array, start: Array, end: Array, radius: Array) -> jax.Array:
    """Index [..., T, S] of the capsule nearest to each of points [..., T, S, 3]; shapes as in `PosedField`."""
    axis = end - start
    length = jnp.sum(jnp.square(axis), axis=-1, keepdims=True)
    radius = jnp.broadcast_to(radius[..., None, :, None], length.shape)
    rows = jnp.concatenate([start, axis, safe.divide(axis, length), radius], axis=-1)
    rows = jnp.moveaxis(rows, (-2, -1), (0, 1))[..., None]
    x = jnp.moveaxis(points, -1, 0)  # component by component, as everywhere below

    def distance(capsule: Array, x: Array) -> jax.Array:
        start, axis, inverse = capsule[:9].reshape(3, 3, *capsule.shape[1:])
        offset = x - start
        where = jnp.clip(sum_small(offset * inverse, 0, keepdims=True), 0, 1)
        return jnp.sqrt(sum_small(jnp.square(offset - where * axis), 0)) - capsule[9]

    def one_by_one(rows: Array, x: Array) -> jax.Array:
        """A loop over the capsules with all points side by side: on a CPU several times as fast as all at once."""

        def closer(capsule, best):
            nearest, part = best
            found = distance(rows[capsule], x)
            return jnp.minimum(found, nearest), jnp.where(found < nearest, jnp.astype(capsule, part.dtype), part)

        start_with = jnp.full_like(x[0], jnp.inf), jnp.zeros(x[0].shape, jnp.int32)
        return jax.lax.fori_loop(0, rows.shape[0], closer, start_with)[1]

    def at_once(rows: Array, x: Array) -> jax.Array:
        return jnp.argmin(jax.vmap(distance, (0, None))(rows, x), axis=0).astype(jnp.int32)

    return by_platform(one_by_one, at_once, rows, x)


def _interpolate(cells: Array, part: Array, place: jax.Array, n: int) -> jax.Array:
    """Trilinear interpolation [..., T, S] in the parts' tables at `place` [3, ..., T, S], in nodes from the lower
    corner."""
    at = jax.lax.stop_gradient(place)
    corner = jnp.clip(jnp.floor(at), 0, n - 2)
    u, v, w = at - corner
    i, j, k = corner.astype(jnp.int32)
    index = ((part * (n - 1) + i) * (n - 1) + j) * (n - 1) + k
    values = _rows(cells, index.reshape(*index.shape[:-2], -1)).reshape(2, 2, 2, *index.shape)
    lines = _mix(w[None, None], values[:, :, 0], values[:, :, 1])
    faces = _mix(v[None], lines[:, 0], lines[:, 1])
    change = values[:, :, 1] - values[:, :, 0]
    slope = jnp.stack([
        faces[1] - faces[0],
        _mix(u, *(lines[:, 1] - lines[:, 0])),
        _mix(u, *_mix(v[None], change[:, 0], change[:, 1])),
    ])  # fmt: skip
    # The slope is at hand here; derived by the compiler, it would read the tables anew.
    slope = jax.lax.optimization_barrier(jax.lax.stop_gradient(slope))
    return _mix(u, *faces) + sum_small(slope * (place - at), 0)


@jax.custom_vjp
def _to_rest(points: Array, world_to_rest: Array, part: Array) -> jax.Array:
    """Points [..., T, S, 3] in the rest pose as the part of each sees it [3, ..., T, S]: rows [..., T, C, 12]."""
    R, t, x = _transforms(points, world_to_rest, part)
    return jax.lax.optimization_barrier(sum_small(R * x[None], 1) + t)


def _transforms(points: Array, world_to_rest: Array, part: Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """What takes each point to the rest pose, R [3, 3, ..., T, S] and t [3, ..., T, S], and the points so too."""
    rows = _rows(world_to_rest, part)
    return rows[:9].reshape(3, 3, *rows.shape[1:]), rows[9:], jnp.moveaxis(points, -1, 0)


def _to_rest_forward(points, world_to_rest, part):
    return _to_rest(points, world_to_rest, part), (points, world_to_rest, part)


def _to_rest_backward(kept, pull):
    part, pull = kept[-1], jax.lax.optimization_barrier(pull)
    R, _, x = _transforms(*kept)
    parts = jnp.arange(kept[1].shape[-2], dtype=part.dtype)

    def share(p: Array, part: Array, pull: Array, x: Array) -> jax.Array:
        mine = jnp.where(part == p, pull, 0)
        turned = jnp.sum(mine[:, None] * x[None], axis=-1)
        return jnp.concatenate([turned.reshape(9, *turned.shape[2:]), jnp.sum(mine, axis=-1)])

    def one_by_one(*arrays: Array) -> jax.Array:
        """On a CPU many times as fast as the scatter that the compiler would derive."""
        return jax.lax.map(lambda p: share(p, *arrays), parts)

    def at_once(part: Array, pull: Array, x: Array) -> jax.Array:
        columns = jnp.concatenate([(pull[:, None] * x[None]).reshape(9, *part.shape), pull])
        return safe.einsum("k...s,...sc->ck...", columns, jax.nn.one_hot(part, len(parts), dtype=pull.dtype))

    rows = by_platform(one_by_one, at_once, part, pull, x)
    turned = jnp.moveaxis(sum_small(R * pull[:, None], 0), 0, -1)
    return turned, jnp.moveaxis(rows, (0, 1), (-2, -1)), None


_to_rest.defvjp(_to_rest_forward, _to_rest_backward)


def _rows(table: Array, index: Array) -> jax.Array:
    """The rows of a table [..., M, N] that an index [..., S] names, as columns [N, ..., S]."""
    # Without the barrier the compiler reads the table anew wherever a column is used.
    rows = jax.lax.optimization_barrier(jnp.take_along_axis(table, index[..., None], axis=-2))
    return jnp.moveaxis(rows, -1, 0)


def _mix(share: jax.Array, a: jax.Array, b: jax.Array) -> jax.Array:
    return a + share * (b - a)


# Tabulates the signed distance to the skin around every part of a body, on the host, once when it is loaded.


NODES = 12  # along each side of a part's box
_MARGIN = 0.02  # metres from a part's vertices to its box
_CANDIDATES = 8  # faces tried for each node
_END = 0.1  # share of a part's vertices, at each end, with which its box grows


def fit_distance_field(
    v_template: np.ndarray, shapedirs: np.ndarray, weights: np.ndarray, faces: np.ndarray
) -> dict[str, np.ndarray]:
    """Fields of `smpl.DistanceField`: v_template [V, 3], shapedirs [V, 3, N], weights [V, 24], faces [F, 3].

    At a fixed place in a part's box the distance changes with betas as the box moves less the nearest skin, along
    the normal; that is its exact first-order change.
    """
    vertices, shapedirs = v_template.astype(np.float64), shapedirs.astype(np.float64)
    owner = np.argmax(weights, axis=1)
    boxes = [_box(vertices[mine], shapedirs[mine]) for mine in (np.isin(owner, cover) for _, _, cover, _ in LAYOUT)]
    low, high, low_shapedirs, high_shapedirs = (np.stack(x) for x in zip(*boxes, strict=True))
    place = np.stack(np.meshgrid(*[np.linspace(0, 1, NODES)] * 3, indexing="ij"), axis=-1).reshape(1, -1, 3)
    nodes = low[:, None] + place * (high - low)[:, None]
    motion = low_shapedirs[:, None] + place[..., None] * (high_shapedirs - low_shapedirs)[:, None]
    distance, slope = _signed_distance(
        nodes.reshape(-1, 3), motion.reshape(-1, *motion.shape[2:]), vertices, shapedirs, _outer_skin(faces)
    )
    shape = (len(LAYOUT), NODES, NODES, NODES)
    distance = _unbiased(distance.reshape(shape))
    found = {
        "low": low,
        "high": high,
        "low_shapedirs": low_shapedirs,
        "high_shapedirs": high_shapedirs,
        "distance": distance,
        "distance_shapedirs": slope.reshape(*shape, -1),
    }
    return {name: value.astype(np.float32) for name, value in found.items()}


def _box(points: np.ndarray, shapedirs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Corners [3] of the box around a part's vertices [M, 3], and their change [3, N] with betas."""
    count = max(1, round(_END * len(points)))
    order = np.argsort(points, axis=0)
    ends = [np.stack([shapedirs[end[:, i], i].mean(0) for i in range(3)]) for end in (order[:count], order[-count:])]
    return points.min(0) - _MARGIN, points.max(0) + _MARGIN, ends[0], ends[1]


def _unbiased(table: np.ndarray) -> np.ndarray:
    """Tables [C, n, n, n] whose linear interpolation is right on average; it lies above a convex field otherwise."""
    bend = np.zeros_like(table)
    for axis in (1, 2, 3):
        ends = [(1, 1) if i == axis else (0, 0) for i in range(4)]
        bend += np.pad(np.diff(table, 2, axis), ends, mode="edge")
    return table - bend / 12


def _outer_skin(faces: np.ndarray) -> np.ndarray:
    """The faces of the largest connected part of a mesh: without eyeballs and tongue."""
    edges = np.concatenate([faces[:, :2], faces[:, 1:]])
    count = faces.max() + 1
    part = connected_components(coo_array((np.ones(len(edges)), edges.T), (count, count)), directed=False)[1]
    return faces[part[faces[:, 0]] == np.bincount(part).argmax()]


def _signed_distance(
    points: np.ndarray, motion: np.ndarray, vertices: np.ndarray, shapedirs: np.ndarray, faces: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Distance [M] of points [M, 3] to the skin, negative inside, and its change [M, N] if they move by [M, 3, N]."""
    face, place = nearest_on_mesh(points, vertices, faces, _CANDIDATES)
    corner = faces[face]
    offset = points - np.einsum("mi,mic->mc", place, vertices[corner])
    normal = np.einsum("mi,mic->mc", place, vertex_normals(vertices, faces)[corner])
    length = np.linalg.norm(offset, axis=-1)
    side = np.where((offset * normal).sum(-1) < 0, -1.0, 1.0)
    on_skin = length < 1e-6
    direction = np.where(on_skin[:, None], normal, side[:, None] * offset / np.where(on_skin, 1, length)[:, None])
    motion = motion - np.einsum("mi,mick->mck", place, shapedirs[corner])
    return side * length, np.einsum("mc,mck->mk", direction, motion)
