"""The simulated observer: what a camera and the estimators behind it would make of a true motion.

Runs on the device, within the training step. Everything follows from one key.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.capsules import capsules
from sm_jax.body.skeleton import JOINTS, KEYPOINT_JOINTS
from sm_jax.data.detector import detect
from sm_jax.data.estimator import estimate
from sm_jax.data.noise import smooth, spans
from sm_jax.data.viewpoint import random_camera
from sm_jax.geometry.camera import project_points
from sm_jax.motion.occlusion import joint_visibility
from sm_jax.types import Array, Motion, Observation

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


@dataclasses.dataclass(frozen=True, kw_only=True)
class SimulatorConfig:
    """fps: of the motion given.  hiding: probability of a random occlusion of a limb, for each person and limb; the
    other parts follow in proportion.  hidden_part: shortest and longest part of the window that one lasts.
    misjudged: share of joints whose visibility is for a while reported the wrong way round."""

    fps: float = 30.0
    hiding: float = 0.12
    hidden_part: tuple[float, float] = (0.1, 0.8)
    misjudged: float = 0.03


def simulate(key: Array, motion: Motion, body: smpl.Body, config: SimulatorConfig) -> Observation:
    """Observe a true motion [P, T] in a z-up world with the floor at z = 0 through a random static camera.

    One motion; use `jax.vmap` over keys and motions. The same key gives the same observation.
    """
    at_camera, at_hiding, at_detector, at_estimator, at_report = jax.random.split(key, 5)
    posed = smpl.pose(body, motion)
    camera = random_camera(at_camera, motion.pelvis)
    visibility = joint_visibility(posed.joints, capsules(body, posed), camera)
    visibility = visibility * _unhidden(at_hiding, motion.pelvis.shape[1], config)
    pixels, depth = project_points(camera, smpl.keypoints(body, posed))
    found, confidence = detect(at_detector, pixels, depth, camera.K[0, 0], visibility[:, :, KEYPOINT_JOINTS])
    return Observation(
        keypoints=found,
        keypoint_confidence=confidence,
        motion=estimate(at_estimator, body, motion, posed, camera, visibility),
        visibility=_reported(at_report, visibility, config),
        camera=camera,
        fps=jnp.float32(config.fps),
        frame_index=jnp.arange(motion.pelvis.shape[1], dtype=jnp.int32),
    )


def _unhidden(key: Array, n_frames: int, config: SimulatorConfig) -> jax.Array:
    """Visibility [P, T, J] in {0, 1} that random occlusions leave."""
    hidden = spans(
        key, (2, len(_PARTS)), n_frames, config.hiding / 1.5 * jnp.asarray(_SHARES)[None], config.hidden_part
    )
    return 1.0 - jnp.einsum("pnt,nj->ptj", hidden, jnp.asarray(_PARTS)).clip(0.0, 1.0)


def _reported(key: Array, visibility: Array, config: SimulatorConfig) -> jax.Array:
    """Visibility as perception reports it: doubtful everywhere, now and then wrong."""
    at_doubt, at_wrong = jax.random.split(key)
    n_people, n_frames, n_joints = visibility.shape
    wrong = jnp.moveaxis(spans(at_wrong, (n_people, n_joints), n_frames, config.misjudged, (0.05, 0.3)), 1, 2)
    doubt = jax.random.normal(at_doubt, visibility.shape)
    judged = jnp.where(wrong > 0.0, 1.0 - visibility, visibility)
    return jnp.clip(judged + 0.08 * smooth(doubt, time=1, correlation=6.0), 0.0, 1.0)
