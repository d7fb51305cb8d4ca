"""Labelled optical markers to SMPL motion: pose, shape and where each marker sits, solved together.

A marker rides rigidly on a bone, but nobody knows where exactly it was stuck. Its place is a parameter like the body's
shape: one for the whole recording, near where the set's manual puts it. (Loper et al., "MoSh", SIGGRAPH Asia 2014, with
skin in the place of bones.)
"""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, PARENTS
from sm_jax.fitting import chart
from sm_jax.fitting.marker_sets import MarkerSet
from sm_jax.fitting.solver import levenberg_marquardt
from sm_jax.geometry import safe
from sm_jax.geometry.alignment import procrustes
from sm_jax.geometry.rotations import compose, nearest_rotation, rotate, transpose
from sm_jax.types import Array, Motion

_MARKER = 0.01  # metres that count as one
_OFFSET = 0.03  # metres by which markers sit elsewhere than their manual says
_PRIOR = 0.05  # evidence of one frame that shape and places weigh
_ACCELERATION = 0.3
# Weight on rotations relative to the parent: strong where no marker tells.
_REST = dict.fromkeys(JOINTS, 0.3) | dict.fromkeys(("spine1", "spine2", "spine3"), 2.0) | dict.fromkeys(
    ("left_collar", "right_collar", "neck", "head"), 1.5) | dict.fromkeys(
    (f"{side}_{end}" for side in ("left", "right") for end in ("foot", "hand", "wrist")), 3.0)  # fmt: skip
_TRUNK = tuple(JOINTS.index(name) for name in ("pelvis", "spine3", "left_collar", "right_collar"))
_SWING = 1e-4  # square metres: how strongly a bone follows its parent in the first guess


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Fit:
    """motion: [P, T].  offset: [P, M, 3] of each marker from its joint, in its frame.
    cost: of calibration and of all frames, before each iteration and at the end.
    error: [P, T, M] metres, NaN where unseen."""

    motion: Motion
    offset: Array
    cost: tuple[Array, Array]
    error: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class _Params:
    """A motion and the markers' offsets [P, M, 3]."""

    motion: Motion
    offset: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class _Step:
    """A step of both."""

    motion: chart.Step
    offset: Array


def fit(
    body: smpl.Body,
    markers: MarkerSet,
    positions: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    calibration: int = 60,
    iterations: int = 20,
    cg_steps: int = 100,
) -> Fit:
    """Fit people to their markers.

    positions: [P, T, N, 3] metres in a z-up world, in the order of the recording's labels; NaN where unseen.
    weight: [P, T, N] in [0, 1], one if None.  calibration: frames, spread over the recording, from which shape and
    places are solved together with pose; all frames' pose follows, tied by joints' acceleration.
    """
    positions = np.asarray(positions, np.float32)[:, :, markers.column]
    seen = np.isfinite(positions).all(axis=-1)
    weight = np.where(seen, 1.0 if weight is None else np.asarray(weight)[:, :, markers.column], 0.0).astype(np.float32)
    filled, observed = _filled(positions, weight > 0), np.where(weight[..., None] > 0, positions, 0.0)
    people, frames = weight.shape[:2]
    some = np.linspace(0, frames - 1, min(calibration, frames)).round().astype(int)
    params = _Params(
        motion=_first_guess(
            body,
            markers.joint,
            np.tile(markers.offset, (people, 1, 1)),
            np.zeros((people, body.joint_shapedirs.shape[-1]), np.float32),
            filled[:, some],
        ),
        offset=np.tile(markers.offset, (people, 1, 1)),
    )
    solve = partial(_solve, body, markers.joint, markers.offset, iterations=iterations, cg_steps=cg_steps)
    params, calibrated = solve(observed[:, some], weight[:, some], params, shaping=1.0)
    guess = _first_guess(body, markers.joint, params.offset, params.motion.betas, filled)
    params = _Params(motion=guess, offset=params.offset)
    params, cost = solve(observed, weight, params, shaping=0.0)
    found = np.asarray(_ride(smpl.pose(body, params.motion), markers.joint, params.offset))
    error = np.where(weight > 0, np.linalg.norm(found - observed, axis=-1), np.nan)
    motion, offset = jax.tree.map(np.asarray, (params.motion, params.offset))
    return Fit(motion=motion, offset=offset, cost=(np.asarray(calibrated), np.asarray(cost)), error=error)


def report(markers: MarkerSet, fitted: Fit) -> dict[str, float]:
    """Label -> median distance in millimetres of the marker from where it was seen, over frames and people."""
    return {
        label: float(1e3 * np.nanmedian(fitted.error[:, :, m])) if np.isfinite(fitted.error[:, :, m]).any() else np.nan
        for m, label in enumerate(markers.labels)
    }


def _filled(positions: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Positions [P, T, M, 3] with gaps closed linearly; a marker that is never seen stays NaN."""
    filled, frames = np.full_like(positions, np.nan), np.arange(positions.shape[1])
    for person, marker in np.argwhere(seen.any(axis=1)):
        there = np.flatnonzero(seen[person, :, marker])
        for axis in range(3):
            filled[person, :, marker, axis] = np.interp(frames, there, positions[person, there, marker, axis])
    return filled


@jax.jit
def _first_guess(body: smpl.Body, joint: Array, offset: Array, betas: Array, positions: Array) -> Motion:
    """Each bone turned, from the root outwards, to its own markers [P, T, M, 3]."""
    weight = jnp.isfinite(positions[..., 0]).astype(jnp.float32)
    positions = jnp.nan_to_num(positions)
    rest = smpl.rest_joints(body, betas)
    trunk = weight * jnp.isin(joint, jnp.array(_TRUNK))[None, None]
    own = jnp.broadcast_to((rest[:, joint] + offset)[:, None], positions.shape)
    _, R, t = procrustes(own, positions, trunk, scale=False)
    world, place = [R], [rotate(R, jnp.broadcast_to(rest[:, None, 0], t.shape)) + t]
    for j, parent in list(enumerate(PARENTS))[1:]:
        bone = jnp.broadcast_to((rest[:, j] - rest[:, parent])[:, None], t.shape)
        place.append(place[parent] + rotate(world[parent], bone))
        mine = (weight * (joint == j)[None, None])[..., None]
        arms = jnp.where(mine > 0, positions - place[j][:, :, None], 0.0)
        spread = safe.einsum("ptmi,pmj->ptij", arms, offset)
        world.append(nearest_rotation(spread + _SWING * world[parent]))
    local = jnp.stack([compose(transpose(world[p]), world[j]) for j, p in enumerate(PARENTS) if p >= 0], axis=2)
    return Motion(global_orient=world[0], body_pose=local, pelvis=place[0], betas=betas)


@partial(jax.jit, static_argnames=("iterations", "cg_steps"))
def _solve(
    body: smpl.Body, joint: Array, offset: Array, observed: Array, weight: Array, params: _Params, *,
    shaping: float, iterations: int, cg_steps: int,
) -> tuple[_Params, Array]:  # fmt: skip
    """The parameters at the least cost, and the costs. shaping: one if frames are no neighbours and shape and places
    free; zero if these are as given and frames are neighbours."""
    frames = observed.shape[1]
    unit = _units(body, joint, offset, frames, shaping)
    zero = _Step(motion=chart.zero_step(params.motion), offset=jnp.zeros_like(params.offset))

    def move(params: _Params, step: _Step) -> _Params:
        scaled = jax.tree.map(jnp.multiply, step, unit)
        return _Params(motion=chart.retract(params.motion, scaled.motion), offset=params.offset + scaled.offset)

    def residuals(params: _Params) -> tuple[Array, ...]:
        motion = params.motion
        posed = smpl.pose(body, motion)
        rest = jnp.array([_REST[name] for name in JOINTS[1:]])[None, None, :, None, None]
        prior = np.sqrt(_PRIOR * frames)
        smooth = _ACCELERATION * (1.0 - shaping)
        return (
            weight[..., None] * (_ride(posed, joint, params.offset) - observed) / _MARKER,
            rest * (motion.body_pose - jnp.eye(3)[None, None, None]),
            smooth * jnp.diff(posed.joints, n=2, axis=1) / _MARKER,
            prior * motion.betas,
            prior * (params.offset - offset[None]) / _OFFSET,
        )

    return levenberg_marquardt(residuals, move, params, zero, iterations=iterations, cg_steps=cg_steps)


def _units(body: smpl.Body, joint: Array, offset: Array, frames: int, shared: Array | float) -> _Step:
    """Steps of each parameter that move the markers equally far in all, worked out in the rest pose.

    In these units the normal equations have an even diagonal, which the conjugate gradients need: a pelvis moves every
    marker, a wrist one; a shape moves them in all frames.  shared: zero keeps what frames share as it is.
    """
    rest = body.joint_template
    moves = np.array([[j == k or j in _above(k) for k in range(len(JOINTS))] for j in range(len(JOINTS))])
    lever = safe.norm((rest[joint] + offset)[None] - rest[:, None]) * jnp.asarray(moves)[:, joint]
    turning = jnp.sum(jnp.square(lever), axis=1) / _MARKER**2
    turning = turning + jnp.array([0.0, *(2 * _REST[name] ** 2 for name in JOINTS[1:])])
    shape = jnp.sum(jnp.square(body.joint_shapedirs[joint]), axis=(0, 1)) / _MARKER**2 + _PRIOR
    place = 1 / _MARKER**2 + _PRIOR / _OFFSET**2
    return _Step(
        motion=chart.Step(
            rotations=jax.lax.rsqrt(turning)[None, None, :, None],
            pelvis=jnp.full((1, 1, 1), _MARKER / np.sqrt(len(offset))),
            betas=shared * jax.lax.rsqrt(frames * shape)[None],
        ),
        offset=jnp.full((1, 1, 1), shared / np.sqrt(frames * place)),
    )


def _above(joint: int) -> set[int]:
    """A joint's ancestors."""
    return set() if PARENTS[joint] < 0 else {PARENTS[joint]} | _above(PARENTS[joint])


def _ride(posed: smpl.Posed, joint: Array, offset: Array) -> Array:
    """Markers [P, T, M, 3] that sit at offsets [P, M, 3] from their joints [M]."""
    return posed.joints[:, :, joint] + rotate(posed.R_world_joint[:, :, joint], offset[:, None])
