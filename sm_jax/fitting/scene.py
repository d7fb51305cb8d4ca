"""What a single view says of two people, and the residuals of a scene against it.

The pixels are trusted. The landmarks' metres give the direction of bones, along the line of sight only weakly: there
they err by 70 to 80 mm, across it by 25 to 35 (measured against four views). One shape a person holds for the whole
clip. Its scale, and with it the distance from the camera, comes from a prior on stature, from feet that stay on one
level, and from the two people's levels being about the same; each is let go where the pixels contradict it.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.body import smpl
from sm_jax.body.skeleton import FOOT_JOINTS, JOINTS, KEYPOINTS
from sm_jax.energies.limits import HYPEREXTENSION, flexion
from sm_jax.fitting import chart
from sm_jax.geometry import safe
from sm_jax.geometry.camera import project, rays
from sm_jax.geometry.rotations import rotate, skew, transpose
from sm_jax.types import Array, Motion

STATURE, STATURE_SPREAD = 1.70, 0.10  # metres
_PIXEL = 0.02  # standard deviation of a sure keypoint, in parts of the person's size in the picture
_OUTLIER = 3.0  # standard deviations at which a robust residual's pull is about at its largest
_ACROSS, _ALONG = 0.15, 0.3  # of a unit bone direction, across and along the line of sight
_HIDDEN = 0.15  # share of a line's weight that it keeps when neither end was seen
_ACCELERATION = (0.012, 0.012, 0.008)  # metres per frame squared, across and along the optical axis
_SOLE, _LEVELS = 0.04, 0.15  # metres: of the lower foot about its person's level, of one level about the other
_TILT = 0.1  # radians of the vertical about its first estimate
_BACKWARDS = 0.1  # radians of knees and elbows bent the wrong way
# Radians about the rest pose, of joints that a keypoint does not determine and of all others.
_STIFF = {"spine1": 0.3, "spine2": 0.3, "spine3": 0.3, "neck": 0.4, "head": 0.4, "collar": 0.2, "foot": 0.2, "hand": 0.2}
_STIFF |= {"wrist": 0.5, "ankle": 0.5}
_LOOSE = 2.0
_SIDES = ("left", "right")
LINES = tuple(
    (KEYPOINTS.index(f"{side}_{a}"), KEYPOINTS.index(f"{side}_{b}"))
    for side in _SIDES
    for a, b in (
        ("hip", "knee"), ("knee", "ankle"), ("ankle", "toe"), ("heel", "toe"), ("shoulder", "elbow"),
        ("elbow", "wrist"), ("wrist", "hand"), ("hip", "shoulder"),
    )
) + tuple((KEYPOINTS.index(f"left_{name}"), KEYPOINTS.index(f"right_{name}")) for name in ("hip", "shoulder", "ear")) + tuple(
    (KEYPOINTS.index(f"{side}_ear"), 0) for side in _SIDES
)  # fmt: skip


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Sight:
    """What one camera saw. keypoints: [P, T, K, 2] pixels.  confidence: [P, T, K] in [0, 1].
    metres: [P, T, K, 3] landmarks, x right, y down, z away along the line of sight, of any scale and origin.
    metres_weight: [P, T] in [0, 1].  intrinsics: [3, 3] in pixels."""

    keypoints: Array
    confidence: Array
    metres: Array
    metres_weight: Array
    intrinsics: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Scene:
    """What is solved for, in the camera's frame. motion: [P, T].  up: [3] unit vector against gravity.
    level: [P] metres along `up` at which each person stands."""

    motion: Motion
    up: Array
    level: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Move:
    """A step of the solver. motion: as in `chart`.  up: [3].  level: [P]."""

    motion: chart.Step
    up: Array
    level: Array


def no_move(scene: Scene) -> Move:
    """The step that changes nothing."""
    return Move(
        motion=chart.zero_step(scene.motion), up=jnp.zeros_like(scene.up), level=jnp.zeros_like(scene.level)
    )


def retract(scene: Scene, move: Move) -> Scene:
    """The scene changed by a step."""
    return Scene(
        motion=chart.retract(scene.motion, move.motion),
        up=safe.normalise(scene.up + move.up),
        level=scene.level + move.level,
    )


def line_of_sight(sight: Sight) -> jax.Array:
    """R_camera_sight [P, T, 3, 3], which turns the optical axis into the ray through the middle of the hips."""
    hips = sight.keypoints[:, :, 11:13].mean(axis=2)
    return swing(jnp.array([0.0, 0.0, 1.0])[None, None], rays(sight.intrinsics[None, None], hips))


def swing(a: Array, b: Array) -> jax.Array:
    """The smallest rotation [..., 3, 3] that takes unit vector a [..., 3] to b; not defined for opposite vectors."""
    a, b = jnp.broadcast_arrays(a, b)
    K = skew(jnp.cross(a, b))
    cosine = jnp.maximum(jnp.sum(a * b, axis=-1), -0.99)[..., None, None]
    return jnp.broadcast_to(jnp.eye(3), K.shape) + K + safe.matmul(K, K) / (1.0 + cosine)


def stature(body: smpl.Body, betas: Array) -> jax.Array:
    """Height [..., ] in metres of the body in its rest pose, sole to crown."""
    y = body.v_template[:, 1]
    ends = jnp.stack([jnp.argmin(y), jnp.argmax(y)])
    low_high = smpl.shaped(body.v_template[ends], body.shapedirs[ends], betas)[..., 1]
    return low_high[..., 1] - low_high[..., 0]


def lowest_sole(body: smpl.Body, posed: smpl.Posed, up: Array) -> jax.Array:
    """Height [P, T] along `up` of each person's lowest point of a sole, softly over heels and toes."""
    height = jnp.sum(posed.joints[:, :, np.array(FOOT_JOINTS)] * up[None, None, None], axis=-1)
    height = height - smpl.foot_clearance(body, posed.betas)[:, None]
    return -0.02 * jax.nn.logsumexp(-height / 0.02, axis=-1) + 0.02 * np.log(2.0)


def residuals(body: smpl.Body, sight: Sight, first_up: Array, scene: Scene) -> tuple[Array, ...]:
    """Everything the scene is judged by, each in its own standard deviations. first_up: [3] the vertical's prior."""
    posed = smpl.pose(body, scene.motion)
    keypoints = smpl.keypoints(body, posed)
    return (
        *_seen(sight, keypoints),
        *_standing(body, posed, scene, first_up),
        *_habits(body, posed, scene.motion),
    )


def _seen(sight: Sight, keypoints: Array) -> tuple[Array, ...]:
    """Agreement with pixels, and with the landmarks' bone directions in each person's line of sight."""
    size = person_size(sight)[..., None, None]
    pixels = (project(sight.intrinsics, keypoints) - sight.keypoints) / (_PIXEL * size)
    a, b = np.array(LINES).T
    to_sight = transpose(line_of_sight(sight))[:, :, None]
    own = rotate(to_sight, safe.normalise(keypoints[:, :, b] - keypoints[:, :, a]))
    measured = safe.normalise(sight.metres[:, :, b] - sight.metres[:, :, a])
    sureness = jnp.sqrt(sight.confidence[:, :, a] * sight.confidence[:, :, b] + 1e-6)
    weight = jnp.maximum(sureness, _HIDDEN) * sight.metres_weight[..., None]
    spread = jnp.array([_ACROSS, _ACROSS, _ALONG])[None, None, None]
    return _robust(pixels) * jnp.sqrt(sight.confidence)[..., None], _robust((own - measured) / spread) * weight[..., None]


def _standing(body: smpl.Body, posed: smpl.Posed, scene: Scene, first_up: Array) -> tuple[Array, ...]:
    """Feet on a level, levels alike, the vertical near its first estimate."""
    sole = (lowest_sole(body, posed, scene.up) - scene.level[:, None]) / _SOLE
    levels = (scene.level[:1] - scene.level[1:]) / _LEVELS
    return _robust(sole[..., None]), _robust(levels[..., None]), (scene.up - first_up) / _TILT


def _habits(body: smpl.Body, posed: smpl.Posed, motion: Motion) -> tuple[Array, ...]:
    """Smooth paths, joints near rest where nothing else holds them, ordinary shapes."""
    spread = [next((v for name, v in _STIFF.items() if joint.endswith(name)), _LOOSE) for joint in JOINTS[1:]]
    away = motion.body_pose - jnp.eye(3)[None, None, None]
    return (
        jnp.diff(posed.joints, n=2, axis=1) / jnp.array(_ACCELERATION)[None, None, None],
        # Half the squared Frobenius norm of R - 1 is the squared angle for small angles.
        np.sqrt(0.5) * away / jnp.array(spread)[None, None, :, None, None],
        jnp.maximum(-flexion(motion.body_pose) - HYPEREXTENSION, 0.0) / _BACKWARDS,
        (stature(body, motion.betas) - STATURE) / STATURE_SPREAD,
        motion.betas[:, 1:],  # the first component is stature, which has its own prior
    )


def person_size(sight: Sight) -> jax.Array:
    """Diagonal [P, T] in pixels of the box around shoulders, hips, knees and ankles."""
    body = sight.keypoints[:, :, np.array([5, 6, 11, 12, 13, 14, 15, 16])]
    return jnp.maximum(safe.norm(body.max(axis=2) - body.min(axis=2)), 1.0)


def _robust(residual: Array) -> jax.Array:
    """A residual [..., n] whose vector's squared length saturates at `_OUTLIER` squared (Geman and McClure 1987)."""
    squared = jnp.sum(jnp.square(residual), axis=-1, keepdims=True)
    return residual * jax.lax.rsqrt(1.0 + squared / _OUTLIER**2)
