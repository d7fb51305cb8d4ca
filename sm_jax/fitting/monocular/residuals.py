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
from sm_jax.fitting import tangent
from sm_jax.geometry import safe
from sm_jax.geometry.camera import project, rays
from sm_jax.geometry.rotations import rotate, shortest_arc, transpose
from sm_jax.types import Array, Motion

STATURE, STATURE_SPREAD = 1.70, 0.10  # metres
_PIXEL = 0.02  # standard deviation of a sure keypoint, in parts of the person's size in the picture
_OUTLIER = 3.0  # standard deviations at which a robust residual's pull is about at its largest
_ACROSS, _ALONG = 0.15, 0.3  # of a unit bone direction, across and along the line of sight
_HIDDEN = 0.15  # share of a line's weight that it keeps when neither end was seen
# Metres per frame squared of some joints, across and along the optical axis.
_ACCELERATION = {"pelvis": 0.02, "head": 0.025, "elbow": 0.035, "wrist": 0.04, "knee": 0.035, "ankle": 0.04}
_ALONG_ACCELERATION = 0.6
_SOLE, _LEVELS = 0.04, 0.07  # metres: of the lower foot about its person's level, of one level about the other
_PULLED, _JERKED = 2.0, 4.0  # standard deviations of levels, of accelerations
_TILT = 0.05  # radians of the vertical about its first estimate
_BACKWARDS = 0.1  # radians of knees and elbows bent the wrong way
# Radians about the rest pose, of joints that a keypoint does not determine and of all others.
_STIFF = {
    "spine1": 0.3,
    "spine2": 0.3,
    "spine3": 0.3,
    "neck": 0.4,
    "head": 0.4,
    "collar": 0.2,
    "foot": 0.2,
    "hand": 0.2,
}
_STIFF |= {"wrist": 0.5, "ankle": 0.5}
_LOOSE = 2.0
_UNIT = {"pelvis": 0.5, "up": 0.2, "level": 0.3}  # metres, radians, metres
_SIDES = ("left", "right")
# Lines between keypoints whose direction is compared.
_LINE_NAMES = tuple(
    (f"{side}_{a}", f"{side}_{b}")
    for side in _SIDES
    for a, b in (
        ("hip", "knee"), ("knee", "ankle"), ("ankle", "toe"), ("heel", "toe"), ("shoulder", "elbow"),
        ("elbow", "wrist"), ("wrist", "hand"), ("hip", "shoulder"),
    )
)  # fmt: skip
_LINE_NAMES += tuple((f"left_{name}", f"right_{name}") for name in ("hip", "shoulder", "ear"))
_LINE_NAMES += tuple((f"{side}_ear", "nose") for side in _SIDES)
LINES = tuple((KEYPOINTS.index(a), KEYPOINTS.index(b)) for a, b in _LINE_NAMES)


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class MonocularInputs:
    """What one camera saw. keypoints: [P, T, K, 2] pixels.  confidence: [P, T, K] in [0, 1].
    metres: [P, T, K, 3] landmarks, x right, y down, z away along the line of sight, of any scale and origin.
    metres_weight: [P, T] in [0, 1].  frame_mask: [T] in {0, 1}, zero on padding.  intrinsics: [3, 3] in pixels."""

    keypoints: Array
    confidence: Array
    metres: Array
    metres_weight: Array
    frame_mask: Array
    intrinsics: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class MonocularFit:
    """What is solved for, in the camera's frame. motion: [P, T].  up: [3] unit vector against gravity.
    level: [P] metres along `up` at which each person stands.  standing: [] how often feet could be seen to tell what is
    up, see `fit.estimate_up`."""

    motion: Motion
    up: Array
    level: Array
    standing: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class MonocularStep:
    """A step of the solver. motion: as in `fitting.tangent`.  up: [3].  level: [P]."""

    motion: tangent.TangentStep
    up: Array
    level: Array


def zero_monocular_step(scene: MonocularFit) -> MonocularStep:
    """The step that changes nothing."""
    return MonocularStep(
        motion=tangent.zero_step(scene.motion), up=jnp.zeros_like(scene.up), level=jnp.zeros_like(scene.level)
    )


def in_units(move: MonocularStep) -> MonocularStep:
    """A move given in units of which one is about as much for each of its parts: radians, and `_UNIT`s."""
    motion = dataclasses.replace(move.motion, pelvis=_UNIT["pelvis"] * move.motion.pelvis)
    return MonocularStep(motion=motion, up=_UNIT["up"] * move.up, level=_UNIT["level"] * move.level)


def retract(body: smpl.Body, scene: MonocularFit, move: MonocularStep) -> MonocularFit:
    """The scene changed by a step. Who grows moves away from the camera as much, which the pixels do not notice: that
    uncouples shape from place.
    """
    moved = tangent.retract(scene.motion, move.motion)
    growth = stature(body, moved.betas) / stature(body, scene.motion.betas)
    pelvis = scene.motion.pelvis * growth[:, None, None] + move.motion.pelvis
    return MonocularFit(
        motion=dataclasses.replace(moved, pelvis=pelvis),
        up=safe.normalise(scene.up + move.up),
        level=scene.level * growth + move.level,
        standing=scene.standing,
    )


def line_of_sight(sight: MonocularInputs) -> jax.Array:
    """R_camera_sight [P, T, 3, 3], which turns the optical axis into the ray through the middle of the hips."""
    hips = sight.keypoints[:, :, 11:13].mean(axis=2)
    return shortest_arc(jnp.array([0.0, 0.0, 1.0])[None, None], rays(sight.intrinsics[None, None], hips))


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


def residuals(body: smpl.Body, sight: MonocularInputs, first_up: Array, scene: MonocularFit) -> tuple[Array, ...]:
    """Everything the scene is judged by, each in its own standard deviations. first_up: [3] the vertical's prior.

    Keypoints err in the same way all along a clip, so frames do not outvote what is believed of the whole clip.
    """
    posed = smpl.pose(body, scene.motion)
    keypoints = smpl.keypoints(body, posed)
    return (
        *_seen(sight, keypoints),
        *_steadiness(body, posed, scene, sight.frame_mask),
        *(jnp.sqrt(jnp.sum(sight.frame_mask)) * belief for belief in _beliefs(body, scene, first_up)),
    )


def _seen(sight: MonocularInputs, keypoints: Array) -> tuple[Array, ...]:
    """Agreement with pixels, and with the landmarks' bone directions in each person's line of sight."""
    size = box_diagonal(sight)[..., None, None]
    pixels = (project(sight.intrinsics, keypoints) - sight.keypoints) / (_PIXEL * size)
    a, b = np.array(LINES).T
    to_sight = transpose(line_of_sight(sight))[:, :, None]
    own = rotate(to_sight, safe.normalise(keypoints[:, :, b] - keypoints[:, :, a]))
    measured = safe.normalise(sight.metres[:, :, b] - sight.metres[:, :, a])
    sureness = jnp.sqrt(sight.confidence[:, :, a] * sight.confidence[:, :, b] + 1e-6)
    weight = jnp.maximum(sureness, _HIDDEN) * (sight.metres_weight * sight.frame_mask[None])[..., None]
    spread = jnp.array([_ACROSS, _ACROSS, _ALONG])[None, None, None]
    seen = jnp.sqrt(sight.confidence) * sight.frame_mask[None, :, None]
    return _robust(pixels) * seen[..., None], _robust((own - measured) / spread) * weight[..., None]


def _steadiness(body: smpl.Body, posed: smpl.Posed, scene: MonocularFit, frame_mask: Array) -> tuple[Array, ...]:
    """Feet on one level, smooth paths, joints near rest where nothing else holds them, none bent backwards."""
    pose, mask = scene.motion.body_pose, frame_mask[None, :, None]
    sole = (lowest_sole(body, posed, scene.up) - scene.level[:, None]) / _SOLE
    # In bodies, not in metres: else whoever is seen to tremble is taken for somebody smaller and nearer.
    size = (stature(body, scene.motion.betas) / STATURE)[:, None, None, None]
    moving = np.array([j for j, joint in enumerate(JOINTS) if joint.split("_")[-1] in _ACCELERATION])
    acceleration = np.array([_ACCELERATION[JOINTS[j].split("_")[-1]] for j in moving])[:, None]
    acceleration = jnp.array(acceleration * np.array([1.0, 1.0, _ALONG_ACCELERATION]))[None, None]
    whole = (frame_mask[2:] * frame_mask[1:-1] * frame_mask[:-2])[None, :, None, None]
    spread = jnp.array([_STIFF.get(joint.split("_")[-1], _LOOSE) for joint in JOINTS[1:]])[None, None, :, None, None]
    return (
        _robust(sole[..., None]) * mask,
        whole * _pulled(jnp.diff(posed.joints[:, :, moving], n=2, axis=1) / (size * acceleration), _JERKED),
        # Half the squared Frobenius norm of R - 1 is the squared angle for small angles.
        np.sqrt(0.5) * mask[..., None, None] * (pose - jnp.eye(3)[None, None, None]) / spread,
        mask * jnp.maximum(-flexion(pose) - HYPEREXTENSION, 0.0) / _BACKWARDS,
    )


def _beliefs(body: smpl.Body, scene: MonocularFit, first_up: Array) -> tuple[Array, ...]:
    """Of the clip as a whole: ordinary bodies, on about the same ground, the vertical near its first estimate."""
    betas = scene.motion.betas
    return (
        (stature(body, betas) - STATURE) / STATURE_SPREAD,
        betas[:, 1:],  # the first component is stature
        _pulled((scene.level[0] - scene.level[1]) / _LEVELS, _PULLED),
        (scene.up - first_up) / _TILT,
    )


def box_diagonal(sight: MonocularInputs) -> jax.Array:
    """Diagonal [P, T] in pixels of the box around shoulders, hips, knees and ankles."""
    body = sight.keypoints[:, :, np.array([5, 6, 11, 12, 13, 14, 15, 16])]
    return jnp.maximum(safe.norm(body.max(axis=2) - body.min(axis=2)), 1.0)


def _robust(residual: Array) -> Array:
    """A residual [..., n] whose vector's squared length saturates at `_OUTLIER` squared (Geman and McClure 1987)."""
    squared = jnp.sum(jnp.square(residual), axis=-1, keepdims=True)
    return residual * jax.lax.rsqrt(1.0 + squared / _OUTLIER**2)


def _pulled(residual: Array, far: float) -> jax.Array:
    """A residual whose cost grows linearly beyond `far`: a contradiction is outweighed, but never let go."""
    squared = jnp.square(residual / far)
    return far * jnp.sign(residual) * safe.sqrt(2.0 * (jnp.sqrt(1.0 + squared) - 1.0))
