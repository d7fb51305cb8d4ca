"""The errors of a monocular estimator of SMPL motion, correlated in time and growing with occlusion.

Sizes follow what was measured of BlazePose and a fit to 2D against four views (root-aligned, mm): 100-125 for all
joints, 24-36 across the line of sight but 72-83 along it, wrists 150-200, and 0.1-0.9 m of placement along the ray,
most of it from a body taken too big or too small.
"""

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, PARENTS, mirror_permutation
from sm_jax.data.noise import smooth
from sm_jax.geometry import safe
from sm_jax.geometry.camera import to_camera
from sm_jax.geometry.rotations import axis_angle_to_matrix, compose, rotate, slerp, transpose
from sm_jax.types import Array, Camera, Motion

# Joint that ends each joint's bone (its own parent's bone, continued, at the ends of limbs).
_END = np.array([9, 4, 5, 6, 7, 8, 9, 10, 11, 12, 10, 11, 15, 16, 17, 15, 18, 19, 20, 21, 22, 23, 22, 23])
_BASE = np.array([PARENTS[j] if _END[j] == j else j for j in range(24)])
_PARENTS = np.array(PARENTS)
_SWAPPED = np.array(mirror_permutation(JOINTS))


def _table(trunk: float, **named: float) -> np.ndarray:
    """Degrees by joint name without its side, as radians [24]."""
    return np.radians([named.get(name.split("_")[-1], trunk) for name in JOINTS]).astype(np.float32)


# Standard deviations of each bone's direction towards or away from the camera, of its direction in the picture plane
# and of its turn about itself.
_DEPTH = _table(8.0, head=11, neck=10, hip=14, knee=17, ankle=13, foot=8, shoulder=20, elbow=23, wrist=15, hand=8)
_PLANE = _table(3.0, head=5, ankle=6, foot=4, wrist=8, hand=5)
_TWIST = _table(3.0, head=6, hip=8, knee=8, ankle=6, foot=2, shoulder=12, elbow=15, wrist=10, hand=2)
# How far a joint's guess wanders while hidden.
_WANDER = _table(12.0, hip=35, knee=35, ankle=25, foot=8, shoulder=45, elbow=45, wrist=25, hand=5)

_SLOW, _FAST = 0.87, 0.45  # parts of the error's deviation that last about a second, and a sixth of it
_JITTER = 0.25  # the part that changes every frame, at most: clips differ in how much they were smoothed
_QUALITY = (0.5, 1.5)  # a clip's rotations err this much less or more

_BETAS = 0.4  # standard deviation of the estimated shape
_SHARED, _OWN, _DRIFT, _SHAKE = 0.04, 0.03, 0.02, 0.003  # relative errors of depth: both people's, one's, slow, fast
_ACROSS = 0.015  # metres across the line of sight

# What an estimator shows for a limb it cannot see: it wanders, freezes, or copies the other side.
_MODES = np.log(np.array([0.45, 0.35, 0.2], np.float32))
_GROUPS = np.array([1 + ["left", "right"].index(name[:-len(name.split("_")[-1]) - 1]) + 2 * (
    name.split("_")[-1] in ("hip", "knee", "ankle", "foot")) if "_" in name else 0 for name in JOINTS])  # fmt: skip
_TRUNK = 0


def estimate(
    key: Array, body: smpl.Body, motion: Motion, posed: smpl.Posed, camera: Camera, visibility: Array
) -> Motion:
    """A plausible initial estimate of a true motion [P, T]; visibility: [P, T, J] in [0, 1]."""
    at_rotation, at_pelvis, at_clip, at_quality, at_mode = jax.random.split(key, 5)
    quality, shaking = jax.random.uniform(at_quality, (2,))
    quality = _QUALITY[0] * (_QUALITY[1] / _QUALITY[0]) ** quality
    rotation_noise = _correlated(jax.random.normal(at_rotation, (3, *visibility.shape, 6)), shaking)
    pelvis_noise = jax.random.normal(at_pelvis, (3, *motion.pelvis.shape[:2], 5))
    clip_noise = jax.random.normal(at_clip, (2, motion.betas.shape[-1] + 2))

    seen = _seen_rotations(quality * rotation_noise[..., :3], posed, camera)
    hidden = _smoothstep((0.6 - visibility) / 0.4)
    local = slerp(seen, _hidden_rotations(at_mode, rotation_noise[..., 3:], seen, visibility), hidden)
    betas = motion.betas + _BETAS * clip_noise[:, 2:]
    steady = _SHARED * clip_noise[:1, 0] + _OWN * clip_noise[:, 1]
    size = jnp.exp(steady) * _stature(body, betas) / _stature(body, motion.betas)
    return Motion(
        global_orient=local[:, :, 0],
        body_pose=local[:, :, 1:],
        pelvis=_place(pelvis_noise, shaking, motion.pelvis, size, camera, hidden[..., 0]),
        betas=betas,
    )


def _seen_rotations(error: Array, posed: smpl.Posed, camera: Camera) -> jax.Array:
    """Local rotations [P, T, J, 3, 3] whose bones err mostly along the line of sight. error: [P, T, J, 3] noise."""
    position = -rotate(transpose(camera.R), camera.t)
    sight = safe.normalise(posed.joints - position[None, :, None])
    bone = safe.normalise(posed.joints[:, :, _END] - posed.joints[:, :, _BASE])
    towards = safe.normalise(jnp.cross(bone, sight))  # turning about it moves the bone's end along the line of sight
    across = jnp.cross(towards, bone)
    size = jnp.asarray(np.stack([_DEPTH, _PLANE, _TWIST], axis=-1))[None, None] * error
    turn = towards * size[..., :1] + across * size[..., 1:2] + bone * size[..., 2:]
    R = compose(axis_angle_to_matrix(turn), posed.R_world_joint)
    local = compose(transpose(R[:, :, _PARENTS[1:]]), R[:, :, 1:])
    return jnp.concatenate([R[:, :, :1], local], axis=2)


def _hidden_rotations(key: Array, error: Array, seen: Array, visibility: Array) -> jax.Array:
    """What is shown instead of hidden joints: one mode for each person and limb. error: [P, T, J, 3] noise."""
    wander = jnp.asarray(_WANDER)[None, None, :, None] * error
    wandering = compose(seen, axis_angle_to_matrix(wander))
    frame = jnp.arange(visibility.shape[1], dtype=jnp.int32)[None, :, None]
    last = jax.lax.cummax(jnp.where(visibility > 0.5, frame, 0), axis=1)
    frozen = jnp.take_along_axis(seen, last[..., None, None], axis=1)
    flip = jnp.array([-1.0, 1.0, 1.0])
    copied = (seen * (flip[:, None] * flip[None, :])[None, None, None])[:, :, _SWAPPED]
    mode = jax.random.categorical(key, jnp.asarray(_MODES), shape=(2, 5))
    mode = jnp.where((jnp.arange(5) == _TRUNK)[None], mode % 2, mode)[:, _GROUPS][:, None, :, None, None]
    return jnp.where(mode == 0, wandering, jnp.where(mode == 1, frozen, copied))


def _place(white: Array, shaking: Array, pelvis: Array, size: Array, camera: Camera, hidden: Array) -> jax.Array:
    """Pelvis [P, T, 3] misplaced, mostly along the ray.

    white: [3, P, T, 5].  shaking: [] in [0, 1].  size: [P] factor of the depth over the whole clip.  hidden: [P, T].
    """
    slow = _DRIFT * smooth(white[0, ..., 3], time=1, correlation=25.0)
    depth = size[:, None] * jnp.exp((1.0 + 2.0 * hidden) * (slow + shaking * _SHAKE * white[0, ..., 4]))
    offset = _ACROSS * (1.0 + 4.0 * hidden)[..., None] * _correlated(white[..., :3], shaking)
    placed = to_camera(camera, pelvis[:, :, None])[:, :, 0] * depth[..., None] + offset
    return rotate(transpose(camera.R)[None], placed - camera.t[None])


def _stature(body: smpl.Body, betas: Array) -> jax.Array:
    """Length [P] from ankle to neck along the bones."""
    rest = smpl.rest_joints(body, betas)
    chain = np.array([7, 4, 1, 0, 3, 6, 9, 12])
    return safe.norm(rest[:, chain[1:]] - rest[:, chain[:-1]]).sum(axis=-1)


def _correlated(white: Array, shaking: Array) -> jax.Array:
    """White noise [3, P, T, ...] -> noise [P, T, ...] of about unit variance with slow, fast and jittering
    parts. shaking: [] in [0, 1]."""
    return (
        _SLOW * smooth(white[0], time=1, correlation=30.0)
        + _FAST * smooth(white[1], time=1, correlation=5.0)
        + shaking * _JITTER * white[2]
    )


def _smoothstep(x: Array) -> jax.Array:
    x = jnp.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)
