"""Capsules posed with the body: the cheap stand-in for its volume in penetration, occlusion and picture masks."""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import skeleton
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
    chex.assert_shape([points, start, end], (..., 3))
    chex.assert_equal_shape([start, end])
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


# Fits the capsules to a body model on the host, once when it is loaded or converted.


# Name, joint that carries it, joints whose vertices it covers, and the rough direction of its axis in the rest pose.
# The torso's cross-section is wide and flat, so its capsules lie across; the others lie along their bone.
X, Y, Z = np.eye(3)
_TRUNK = (
    ("pelvis", 0, (0,), X),
    ("belly", 3, (3,), X),
    ("waist", 6, (6,), X),
    ("chest", 9, (9,), X),
    ("neck", 12, (12,), Y),
    ("head", 15, (15,), Y),
)
_LIMBS = (
    ("thigh", 1, (1,), Y),
    ("shin", 4, (4,), Y),
    ("foot", 7, (7, 10), Z),
    ("collar", 13, (13,), X),
    ("upper_arm", 16, (16,), X),
    ("forearm", 18, (18,), X),
    ("hand", 20, (20, 22), X),
)
_MIRROR = skeleton.mirror_permutation(skeleton.JOINTS)
LAYOUT = _TRUNK + tuple(
    (
        f"{side}_{name}",
        *((joint, cover) if side == "left" else (_MIRROR[joint], tuple(_MIRROR[c] for c in cover))),
        axis,
    )
    for name, joint, cover, axis in _LIMBS
    for side in ("left", "right")
)
NAMES = tuple(entry[0] for entry in LAYOUT)

_ITERATIONS = 40
_PRIOR = 0.02  # weight of the first guess against all vertices together; it holds ends that no vertex determines


def fit_capsules(v_template: np.ndarray, shapedirs: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Fields of `smpl.CapsuleModel` for a body: v_template [V, 3], shapedirs [V, 3, N], weights [V, 24].

    Least squares of the vertices' signed distances (Gauss-Newton); the change with betas is the exact first-order
    change of that optimum.
    """
    owner = np.argmax(weights, axis=1)
    fits = [_fit_one(v_template[mine], shapedirs[mine], axis) for mine, axis in (
        (np.isin(owner, cover), axis) for _, _, cover, axis in LAYOUT
    )]  # fmt: skip
    theta = np.stack([fit[0] for fit in fits]).astype(np.float32)
    slope = np.stack([fit[1] for fit in fits]).astype(np.float32)
    return {
        "joint": np.array([entry[1] for entry in LAYOUT], np.int32),
        "start": theta[:, :3],
        "end": theta[:, 3:6],
        "radius": theta[:, 6],
        "start_shapedirs": slope[:, :3],
        "end_shapedirs": slope[:, 3:6],
        "radius_shapedirs": slope[:, 6],
    }


def _fit_one(points: np.ndarray, shapedirs: np.ndarray, axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parameters [7] (start, end, radius) and their change with betas [7, N] for one part's vertices [M, 3]."""
    points, shapedirs = points.astype(np.float64), shapedirs.astype(np.float64)
    along = points @ axis
    low, high = along < along.mean(), along >= along.mean()
    guess = np.concatenate([points[low].mean(0), points[high].mean(0)])
    guess_slope = np.concatenate([shapedirs[low].mean(0), shapedirs[high].mean(0)])
    theta = np.append(guess, 0.0)
    prior = _PRIOR * len(points) * np.diag([1.0] * 6 + [0.0])
    for _ in range(_ITERATIONS):
        residual, jacobian, _ = _signed_distance(points, theta)
        gradient = jacobian.T @ residual + prior @ (theta - np.append(guess, 0.0))
        theta = theta - np.linalg.solve(jacobian.T @ jacobian + prior, gradient)
    _, jacobian, normal = _signed_distance(points, theta)
    pull = jacobian.T @ np.einsum("mc,mck->mk", normal, shapedirs)
    pull -= prior @ np.vstack([guess_slope, np.zeros_like(guess_slope[:1])])
    return theta, -np.linalg.solve(jacobian.T @ jacobian + prior, pull)


def _signed_distance(points: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Signed distance [M], its Jacobian [M, 7] in the parameters and its gradient [M, 3] in the points."""
    start, axis = theta[:3], theta[3:6] - theta[:3]
    where = np.clip((points - start) @ axis / (axis @ axis), 0, 1)[:, None]
    offset = points - start - where * axis
    length = np.linalg.norm(offset, axis=1, keepdims=True)
    normal = offset / np.maximum(length, 1e-9)
    jacobian = np.concatenate([-(1 - where) * normal, -where * normal, -np.ones_like(length)], axis=1)
    return length[:, 0] - theta[6], jacobian, normal
