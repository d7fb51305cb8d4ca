"""The simulated observer: what a camera and the estimators behind it would make of a true motion.

Runs on the device, within the training step. Everything follows from one key.
"""

import dataclasses

import chex
import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.body import smpl
from sm_jax.body.capsules import capsules
from sm_jax.body.skeleton import JOINTS, KEYPOINT_JOINTS
from sm_jax.data.simulator.error_model import ErrorModel
from sm_jax.data.simulator.gross_errors import GrossErrorConfig, ObservedPose, apply_gross_errors, draw_gross_errors
from sm_jax.data.simulator.keypoint_noise import detect, draw_doubt
from sm_jax.data.simulator.noise import normal, spans
from sm_jax.data.simulator.pose_noise import estimate_motion, trunk_and_leg
from sm_jax.data.simulator.random_camera import ViewpointConfig, random_camera
from sm_jax.geometry.camera import project_points
from sm_jax.motion.resample import FPS
from sm_jax.motion.visibility import joint_confidence, joint_visibility
from sm_jax.types import Array, Camera, Motion, Observation

BOTH = np.ones(2, np.float32)
HEIGHT = 1.7  # metres: errors of keypoints are in parts of it

_ARM, _LEG = ("collar", "shoulder", "elbow", "wrist", "hand"), ("hip", "knee", "ankle", "foot")


def _joints(sides: tuple[str, ...], parts: tuple[str, ...]) -> np.ndarray:
    return np.array([name.split("_")[0] in sides and name.split("_")[-1] in parts for name in JOINTS])


_BOTH = ("left", "right")
# Parts of a body that a foreign object or a failing detector hides together: [parts, J].
_PARTS = np.stack(
    [
        np.ones(24, bool),
        _joints(_BOTH, _LEG),
        ~_joints(_BOTH, _LEG),
        *(_joints((side,), _ARM + _LEG) for side in _BOTH),
        *(_joints((side,), limb) for limb in (_ARM, _LEG) for side in _BOTH),
    ]
).astype(np.float32)
_SHARES = np.array([1.0, 1.5, 1.0, 1.0, 1.0, 1.5, 1.5, 1.5, 1.5], np.float32)


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SimulatorConfig:
    """fps: of the motion given.  hiding: probability of a random occlusion of a limb, for each person and limb; the
    other parts follow in proportion.  hidden_part: shortest and longest part of the window that one lasts.
    viewpoint: where the camera may stand."""

    fps: float = FPS
    hiding: float = 0.12
    hidden_part: tuple[float, float] = (0.1, 0.8)
    gross_errors: GrossErrorConfig = dataclasses.field(default_factory=GrossErrorConfig)
    errors: ErrorModel = dataclasses.field(default_factory=ErrorModel)
    viewpoint: ViewpointConfig = dataclasses.field(default_factory=ViewpointConfig)


def simulate(
    key: Array, motion: Motion, body: smpl.Body, config: SimulatorConfig, present: Array = BOTH
) -> Observation:
    """Observe a true motion [P, T] in a z-up world with the floor at z = 0 through a random static camera.

    present: [P] in {0, 1}. Of who is not there nothing is seen, and nobody is hidden by them; their motion is finite.
    One motion; use `jax.vmap` over keys and motions. The same key gives the same observation.
    """
    chex.assert_shape([motion.pelvis, present], [(2, None, 3), (2,)])
    at_camera, at_rest = jax.random.split(key)
    camera = random_camera(at_camera, motion.pelvis, present, config.viewpoint)
    return simulate_view(at_rest, motion, body, camera, config, present)


def simulate_view(
    key: Array, motion: Motion, body: smpl.Body, camera: Camera, config: SimulatorConfig, present: Array = BOTH
) -> Observation:
    """As `simulate`, through a given camera."""
    at_hiding, at_gross_errors, at_quality, at_doubt, at_estimate, at_detector = _keys(key)
    n_frames = motion.pelvis.shape[1]
    posed = smpl.pose(body, motion)
    clear = _clear(body, posed, camera, present) * _unhidden(at_hiding, n_frames, config)
    true = ObservedPose(
        R_world_joint=posed.R_world_joint,
        joints=posed.joints,
        keypoints=smpl.keypoints(body, posed),
        visibility=clear,
        trunk_and_leg=jnp.broadcast_to(trunk_and_leg(body, motion.betas)[:, None], (2, n_frames)),
    )
    shown = apply_gross_errors(true, draw_gross_errors(at_gross_errors, clear, present, config.gross_errors))
    quality = jnp.exp(_quality(at_quality, config))
    seen = shown.visibility[:, :, np.array(KEYPOINT_JOINTS)]
    doubt = draw_doubt(at_doubt, seen, quality, config.errors.keypoint)
    certainty = jnp.minimum(shown.visibility, joint_confidence(1.0 - doubt))
    estimated = estimate_motion(at_estimate, body, motion.betas, shown, certainty, camera, quality, config.errors)
    posed = smpl.pose(body, estimated)
    pixels, depth = project_points(camera, shown.keypoints)
    guess, _ = project_points(camera, smpl.keypoints(body, posed))
    height = HEIGHT * camera.K[0, 0] / jnp.maximum(depth, 1.0).mean(axis=-1)
    found, confidence = detect(at_detector, pixels, guess, height, seen, doubt, quality, config.errors.keypoint)
    inside = jnp.all((found >= 0.0) & (found <= jnp.reshape(camera.image_size, (1, 1, 1, 2))), axis=-1)
    found_at_all = jnp.any(shown.visibility > 0.0, axis=-1, keepdims=True)
    confidence = confidence * inside * found_at_all
    return Observation(
        keypoints=found,
        keypoint_confidence=confidence,
        motion=estimated,
        visibility=jnp.clip(_clear(body, posed, camera, present) * joint_confidence(confidence), 0.0, 1.0),
        camera=camera,
        fps=jnp.float32(config.fps),
        frame_index=jnp.arange(n_frames, dtype=jnp.int32),
        frame_mask=jnp.ones(n_frames),
    )


def error_scale(key: Array, config: SimulatorConfig) -> jax.Array:
    """Logarithm [P] of the factor by which the errors of `simulate` with the same key are larger than usual."""
    return _quality(_keys(jax.random.split(key)[1])[2], config)


def _quality(key: Array, config: SimulatorConfig) -> jax.Array:
    common, own = jnp.split(normal(key, (3,)), [1])
    return config.errors.quality * (0.8 * common + 0.6 * own)


def _keys(key: Array) -> jax.Array:
    """For hiding, gross errors, quality, doubt, estimate and detector."""
    return jax.random.split(key, 6)


def _clear(body: smpl.Body, posed: smpl.Posed, camera: Camera, present: Array) -> jax.Array:
    """Visibility [P, T, J] past the other body and the frame's border; none of who is not there."""
    start, end, radius = capsules(body, posed)
    radius = jnp.where(present[:, None] > 0.0, radius, -1e3)
    return joint_visibility(posed.joints, (start, end, radius), camera) * present[:, None, None]


def _unhidden(key: Array, n_frames: int, config: SimulatorConfig) -> jax.Array:
    """Visibility [P, T, J] in {0, 1} that random occlusions leave."""
    hidden = spans(
        key, (2, len(_PARTS)), n_frames, config.hiding / 1.5 * jnp.asarray(_SHARES)[None], config.hidden_part
    )
    return 1.0 - jnp.einsum("pnt,nj->ptj", hidden, jnp.asarray(_PARTS)).clip(0.0, 1.0)
