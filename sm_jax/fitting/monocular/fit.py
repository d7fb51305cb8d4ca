"""Two people's keypoints and landmarks in one camera to SMPL motion."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from sm_jax.body import smpl
from sm_jax.body.skeleton import FOOT_JOINTS, JOINTS, KEYPOINTS, PARENTS
from sm_jax.fitting.monocular.residuals import (
    STATURE,
    MonocularFit,
    MonocularInputs,
    MonocularStep,
    in_units,
    line_of_sight,
    lowest_sole,
    residuals,
    retract,
    stature,
    zero_monocular_step,
)
from sm_jax.geometry import safe
from sm_jax.geometry.rotations import compose, nearest_rotation, rotate, shortest_arc, transpose
from sm_jax.types import Array, Motion

# Joints that swing a bone towards its measured direction, parents first, and the keypoints at that bone's ends.
_AIMS = (
    (("hip", "hip", "knee"), ("shoulder", "shoulder", "elbow")),
    (("knee", "knee", "ankle"), ("elbow", "elbow", "wrist")),
    (("ankle", "heel", "toe"), ("wrist", "wrist", "hand")),
)
_TRUNK = np.array([KEYPOINTS.index(f"{side}_{name}") for name in ("shoulder", "hip") for side in ("left", "right")])
_RATE = 0.05  # of a move's units an iteration, to begin with
_GROWTH = 0.15  # largest relative change of the prior's stature for the sake of a common ground, to begin with
_FEET = np.array([KEYPOINTS.index(f"{side}_{name}") for name in ("ankle", "heel", "toe") for side in ("left", "right")])
_HIPS = np.array([KEYPOINTS.index(f"{side}_hip") for side in ("left", "right")])
_STRAIGHT, _STRAIGHTNESS = 0.85, 0.02  # of a leg's length from hip to ankle: who stands; a chair leaves 0.7
LEAST_STANDING = 0.1  # mean weight of people who stand, below which their feet do not tell what is up
_AROUND = 6.0  # frames: standard deviation of the weights of those around one
_NEAREST = 0.5  # metres from the camera; nobody is nearer


@partial(jax.jit, static_argnames="iterations")
def fit_landmarks(body: smpl.Body, sight: MonocularInputs, iterations: int = 500) -> tuple[MonocularFit, Array]:
    """The scene that agrees best with one camera's view of two people, all frames at once.

    Adam on half the sum of squares of `scene.residuals`, from bone directions that are set joint by joint and a
    placement that is solved in closed form. (Gauss-Newton needs fewer steps, and four times the time to compile.)
    Returns the scene in the camera's frame and the cost before each iteration [iterations].
    """
    start = initial_fit(body, sight)
    optimiser = optax.adam(optax.cosine_decay_schedule(_RATE, iterations, 0.01), b2=0.99)

    def moved(move: MonocularStep) -> MonocularFit:
        return retract(body, start, in_units(move))

    def cost(move: MonocularStep) -> jax.Array:
        squares = jax.tree.map(lambda r: jnp.sum(jnp.square(r)), residuals(body, sight, start.up, moved(move)))
        return 0.5 * jax.tree.reduce(jnp.add, squares)

    def iterate(carry: Any, _: None) -> tuple[Any, jax.Array]:
        move, state = carry
        value, gradient = jax.value_and_grad(cost)(move)
        update, state = optimiser.update(gradient, state)
        return (optax.apply_updates(move, update), state), value

    move: Any = zero_monocular_step(start)
    (move, _), costs = jax.lax.scan(iterate, (move, optimiser.init(move)), length=iterations)
    return moved(move), costs


def initial_fit(body: smpl.Body, sight: MonocularInputs) -> MonocularFit:
    """Pose from the landmarks' directions, place from the pixels, the vertical and the levels from the people."""
    betas = _betas(body, jnp.full(sight.keypoints.shape[0], STATURE))
    motion = _initial_pose(body, sight, betas)
    offsets = smpl.keypoints(body, smpl.pose(body, motion))
    motion = Motion(
        global_orient=motion.global_orient,
        body_pose=motion.body_pose,
        pelvis=steadied(place(sight, offsets), sight),
        betas=betas,
    )
    posed = smpl.pose(body, motion)
    seen = jnp.minimum(sight.confidence[:, :, _FEET].mean(axis=-1), sight.confidence[:, :, _HIPS].mean(axis=-1))
    up, standing = estimate_up(posed.joints, seen * sight.metres_weight * sight.frame_mask[None], sight.frame_mask)
    soles = jnp.where(sight.frame_mask[None] > 0.0, lowest_sole(body, posed, up), jnp.nan)
    level = jnp.nanmedian(soles, axis=1)
    # Scaling a person about the camera leaves the pixels alone: the smallest scalings that make the levels equal.
    slope = level * jnp.array([1.0, -1.0])
    growth = 1.0 - (level[0] - level[1]) * slope / jnp.maximum(jnp.sum(jnp.square(slope)), 1e-3)
    growth = jnp.clip(growth, 1.0 - _GROWTH, 1.0 + _GROWTH)
    motion = Motion(
        global_orient=motion.global_orient,
        body_pose=motion.body_pose,
        pelvis=motion.pelvis * growth[:, None, None],
        betas=_betas(body, STATURE * growth),
    )
    return MonocularFit(motion=motion, up=up, level=level * growth, standing=standing)


def estimate_up(joints: Array, weight: Array, frame_mask: Array) -> tuple[jax.Array, jax.Array]:
    """The unit vector [3] against gravity: standing people's hips are, on average, above their feet; their shoulders
    less so, for people lean. Whose legs are bent as on a chair says nothing. And how often [] people were seen to
    stand: the mean of their weights. Below LEAST_STANDING the vector is the camera's own upward axis.

    joints: [P, T, 24, 3] in the camera's frame.  weight: [P, T] of what was seen of hips and feet.  frame_mask: [T].
    """
    weight = weight * _legs_straight(joints)
    standing = jnp.sum(weight) / (len(weight) * jnp.maximum(jnp.sum(frame_mask), 1.0))
    weight = weight + 1e-6
    feet = joints[:, :, np.array(FOOT_JOINTS)].mean(axis=2)
    directions = safe.normalise(joints[:, :, 0] - feet)
    up = safe.normalise(jnp.sum(weight[..., None] * directions, axis=(0, 1)))
    for _ in range(5):  # one weighted mean after another lets go of people who lie or bend
        nearness = jnp.exp(20.0 * (jnp.sum(directions * up[None, None], axis=-1, keepdims=True) - 1.0))
        up = safe.normalise(jnp.sum(nearness * weight[..., None] * directions, axis=(0, 1)))
    return jnp.where(standing < LEAST_STANDING, jnp.array([0.0, -1.0, 0.0]), up), standing


def _legs_straight(joints: Array) -> jax.Array:
    """[P, T] in [0, 1] whether legs are about as long as thighs and shins together."""
    hips, knees, ankles = (
        joints[:, :, np.array([JOINTS.index(f"{side}_{name}") for side in ("left", "right")])]
        for name in ("hip", "knee", "ankle")
    )
    whole = safe.norm(hips - knees) + safe.norm(knees - ankles)
    share = (safe.norm(hips - ankles) / jnp.maximum(whole, 1e-6)).mean(axis=-1)
    return jax.nn.sigmoid((share - _STRAIGHT) / _STRAIGHTNESS)


def place(sight: MonocularInputs, offsets: Array) -> jax.Array:
    """Pelvis [P, T, 3] in the camera's frame that brings points at offsets [P, T, K, 3] from it onto their pixels.

    Linear least squares on x = u z, y = v z, weighted with the confidence.
    """
    f, c = jnp.stack([sight.intrinsics[0, 0], sight.intrinsics[1, 1]]), sight.intrinsics[:2, 2]
    uv = (sight.keypoints - c[None, None, None]) / f[None, None, None]
    zero, one = jnp.zeros_like(uv[..., 0]), jnp.ones_like(uv[..., 0])
    rows = jnp.stack([jnp.stack([one, zero, -uv[..., 0]], -1), jnp.stack([zero, one, -uv[..., 1]], -1)], axis=-2)
    right = uv * offsets[..., 2:] - offsets[..., :2]
    weight = sight.confidence + 1e-3
    normal = safe.einsum("ptk,ptkij,ptkil->ptjl", weight, rows, rows)
    moment = safe.einsum("ptk,ptkij,ptki->ptj", weight, rows, right)
    pelvis = jnp.linalg.solve(normal, moment[..., None])[..., 0]
    return jnp.concatenate([pelvis[..., :2], jnp.maximum(pelvis[..., 2:], _NEAREST)], axis=-1)


def steadied(pelvis: Array, sight: MonocularInputs) -> jax.Array:
    """Pelvises [P, T, 3] moved along their rays to the mean depth of the frames around, in which those that were seen
    badly hardly count: alone they may be metres off."""
    reach, frames = round(6.5 * _AROUND), pelvis.shape[1]  # beyond, weights are less than the least sureness
    near = jnp.asarray(np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / _AROUND)), pelvis.dtype)
    around = jax.vmap(lambda own: jnp.convolve(own, near, precision="highest")[reach : reach + frames])
    sure = sight.confidence[:, :, _TRUNK].mean(axis=-1) ** 4 * sight.frame_mask[None] + 1e-9
    depth = jnp.log(pelvis[..., 2])
    mean = around(sure * depth) / around(sure)
    return jnp.asarray(pelvis) * jnp.exp(mean - depth)[..., None]


def _betas(body: smpl.Body, height: Array) -> Array:
    """Betas [P, N] of people of a height [P] in metres, along the first component alone."""
    unit = jnp.zeros(body.shapedirs.shape[-1]).at[0].set(1.0)
    mean = stature(body, 0.0 * unit)
    return ((height - mean) / (stature(body, unit) - mean))[:, None] * unit[None]


def _initial_pose(body: smpl.Body, sight: MonocularInputs, betas: Array) -> Motion:
    """The root from the trunk's landmarks, then every limb's bone swung into its measured direction."""
    rest = smpl.shaped(body.keypoint_template, body.keypoint_shapedirs, betas)
    measured = rotate(line_of_sight(sight)[:, :, None], sight.metres)
    centred = lambda x: x - x.mean(axis=-2, keepdims=True)  # noqa: E731
    trunk = nearest_rotation(safe.einsum("ptni,pnj->ptij", centred(measured[:, :, _TRUNK]), centred(rest[:, _TRUNK])))
    world = jnp.broadcast_to(trunk[:, :, None], (*trunk.shape[:2], len(JOINTS), 3, 3))
    for aims in _AIMS:
        names = [tuple(f"{side}_{name}" for name in aim) for aim in aims for side in ("left", "right")]
        joints = np.array([JOINTS.index(joint) for joint, _, _ in names])
        a, b = np.array([[KEYPOINTS.index(end) for end in ends] for _, *ends in names]).T
        R = world[:, :, joints]
        bone = rotate(R, safe.normalise(rest[:, b] - rest[:, a])[:, None])
        R = compose(shortest_arc(bone, safe.normalise(measured[:, :, b] - measured[:, :, a])), R)
        above = _ancestor_among(joints.tolist())
        world = jnp.where((above >= 0)[None, None, :, None, None], R[:, :, above], world)
    parents = np.array(PARENTS[1:])
    return Motion(
        global_orient=trunk,
        body_pose=compose(transpose(world[:, :, parents]), world[:, :, 1:]),
        pelvis=jnp.zeros_like(sight.metres[:, :, 0]),
        betas=betas,
    )


def _ancestor_among(joints: list[int]) -> np.ndarray:
    """For every joint [24], which of `joints` it is or hangs on; -1 for none."""
    above = np.full(len(PARENTS), -1)
    for joint, parent in enumerate(PARENTS):
        above[joint] = joints.index(joint) if joint in joints else (above[parent] if parent >= 0 else -1)
    return above
