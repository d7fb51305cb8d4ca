"""From an observed window to what the networks see. Training and reconstruction share this one function."""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import skeleton, smpl
from sm_jax.geometry.camera import rays, to_camera
from sm_jax.geometry.safe import normalise as unit
from sm_jax.motion import pair_frame, state
from sm_jax.motion.foot_contact import foot_contact, ground_height
from sm_jax.motion.normalise import Statistics, normalise
from sm_jax.motion.pair_frame import PairFrame
from sm_jax.motion.slerp_fill import SEEN, fill_hidden
from sm_jax.types import Array, Conditions, Motion, Observation, TextEmbedding

# Ray residuals are of the order of 0.02; networks want inputs of order one.
_RESIDUAL_GAIN = 20.0
ACROSS, DEPTH = 0.2, 0.1  # units of `Conditions.placement`: metres, and parts of the distance
_NEAREST = 0.5  # metres: nobody is taken to be nearer to the camera
USUAL = np.zeros(2, np.float32)  # errors of the usual size


def make_conditions(
    observation: Observation,
    body: smpl.Body,
    statistics: Statistics,
    text: TextEmbedding,
    error_scale: Array = USUAL,
) -> tuple[Conditions, PairFrame, Motion]:
    """One window [P, T] of an observation -> conditions, the window's pair frame and the gap-filled estimate (world).

    error_scale: [P] as in `Conditions`. Not batched: use `jax.vmap` over windows.
    """
    seen = observation.visibility.shape[:2]
    chex.assert_shape([observation.visibility, observation.keypoint_confidence], [(2, None, 24), (*seen, 23)])
    chex.assert_shape([observation.keypoints, observation.frame_mask], [(*seen, 23, 2), seen[1:]])
    chex.assert_rank([observation.fps, text.tokens, text.mask, text.pooled], [0, 2, 1, 1])
    frame_mask = observation.frame_mask
    estimate = fill_hidden(observation.motion, observation.visibility, frame_mask)
    posed = smpl.pose(body, estimate)
    frame = window_frame(observation, estimate.pelvis, posed.joints)
    contact = foot_contact(posed.joints, observation.fps, frame.origin[2])
    in_pair = pair_frame.to_pair(estimate, frame)
    normalised = normalise(state.pack(in_pair, contact), statistics)
    R_camera_pair, position = pair_frame.camera_to_pair(observation.camera, frame)
    mask = frame_mask[None, :, None]
    conditions = Conditions(
        estimate=normalised * mask,
        visibility=observation.visibility * mask,
        evidence=_evidence(observation, smpl.keypoints(body, posed), frame) * mask[..., None],
        camera=jnp.concatenate([position, R_camera_pair[..., 0, :], R_camera_pair[..., 1, :]], axis=-1) * mask,
        placement=_placement(in_pair.pelvis, R_camera_pair, position, statistics) * mask[..., None],
        error_scale=jnp.asarray(error_scale),
        rest_joints=relative_rest_joints(smpl.rest_joints(body, estimate.betas)),
        text=text,
        frame_mask=frame_mask,
    )
    return conditions, frame, estimate


def _placement(pelvis: Array, R_camera: Array, position: Array, statistics: Statistics) -> jax.Array:
    """`Conditions.placement` of pelvises [P, T, 3] from cameras [P, T, 3, 3] at [P, T, 3], in own views."""
    sight = pelvis - position
    distance = jnp.maximum(jnp.linalg.norm(sight, axis=-1, keepdims=True), _NEAREST)
    forward = sight / distance
    right = unit(R_camera[..., 0, :] - jnp.sum(R_camera[..., 0, :] * forward, axis=-1, keepdims=True) * forward)
    steps = [ACROSS * right, ACROSS * jnp.cross(forward, right), DEPTH * distance * forward]
    return jnp.stack(steps, axis=-1) / jnp.reshape(statistics.std[state.PELVIS], (1, 1, 3, 1))


def window_frame(observation: Observation, pelvis: Array, joints: Array) -> PairFrame:
    """The pair frame of an estimate: pelvis [P, T, 3] and joints [P, T, J, 3] in the world."""
    frame_mask = observation.frame_mask
    both_seen = observation.visibility[:, :, 0].min(axis=0) * frame_mask
    camera_right = observation.camera.R[0, 0]
    weight = jnp.where(both_seen >= SEEN, frame_mask, jnp.zeros_like(frame_mask))
    weight = jnp.where(weight.sum() > 0.0, weight, frame_mask)
    return pair_frame.from_pelvises(pelvis, ground_height(joints, frame_mask), weight, camera_right)


def relative_rest_joints(rest: Array) -> Array:
    """Rest joints [..., J, 3] -> offsets from the parents [..., J, 3]; the pelvis row is zero."""
    parents = jnp.array((0, *skeleton.PARENTS[1:]))
    return rest - jnp.take(rest, parents, axis=-2)


def _evidence(observation: Observation, keypoints: Array, frame: PairFrame) -> jax.Array:
    """Ray residuals in each person's own view, and the confidence: [P, T, K, 4]. keypoints: [P, T, K, 3] world."""
    camera = observation.camera
    seen = rays(camera.K, observation.keypoints)
    residual = seen - unit(to_camera(camera, keypoints))
    residual = jnp.einsum("tji,ptkj->ptki", camera.R, residual, precision="highest")
    residual = jnp.einsum("pij,ptkj->ptki", pair_frame.own_view(frame), residual, precision="highest")
    confidence = observation.keypoint_confidence[..., None]
    return jnp.concatenate([jnp.clip(residual * _RESIDUAL_GAIN, -5.0, 5.0) * confidence, confidence], axis=-1)
