"""What one camera sees of a known motion, for the tests of the single-view fit."""

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.fitting.monocular.residuals import MonocularFit, MonocularInputs, line_of_sight, lowest_sole, stature
from sm_jax.geometry.camera import project
from sm_jax.geometry.rotations import axis_angle_to_matrix, compose, rotate, transpose
from sm_jax.motion.resample import resample
from sm_jax.types import Motion

FRAMES = 32
K = np.array([[1400.0, 0, 540.0], [0, 1400.0, 960.0], [0, 0, 1]], np.float32)
R_CAMERA_WORLD = np.array([[1.0, 0, 0], [0, -0.2, -0.9798], [0, 0.9798, -0.2]], np.float32)  # looks 11.5 degrees down
T_CAMERA = np.array([0.0, 0.9, 4.5], np.float32)
BODY = load_body("open-low")


def walking(seed: int = 0) -> Motion:
    """Two people of 1.75 and 1.65 m who move slowly on z = 0, [2, FRAMES], z up."""
    rng = np.random.default_rng(seed)
    spread = np.full((23, 1), 0.25)
    spread[[2, 5, 8, 9, 10, 11, 12, 13, 21, 22]] = 0.05  # spine, neck, collars, toes and hands move little
    spread[[0, 1, 3, 4, 6, 7]] = 0.1  # legs stay under the hips
    pose = rng.normal(size=(2, 4, 23, 3)) * spread
    pose[:, :, 15] += [0, 0, -0.9]  # arms down from the T-pose
    pose[:, :, 16] += [0, 0, 0.9]
    heading = np.array([[0.0, 0.0, 0.6], [0.0, 0.0, -2.4]])[:, None] + rng.normal(size=(2, 4, 3)) * [0.03, 0.03, 0.2]
    upright = axis_angle_to_matrix(jnp.array([np.pi / 2, 0.0, 0.0], jnp.float32))
    place = np.array([[-0.5, 0.0, 0.0], [0.5, 0.3, 0.0]])[:, None] + rng.normal(size=(2, 4, 3)) * [0.05, 0.05, 0.0]
    betas = np.zeros((2, 10), np.float32)
    unit = np.eye(10, dtype=np.float32)[0]
    mean, taller = map(float, jax.jit(stature)(BODY, np.stack([0 * unit, unit])))
    betas[:, 0] = (np.array([1.75, 1.65]) - mean) / (taller - mean)
    few = Motion(
        global_orient=axis_angle_to_matrix(jnp.asarray(heading, jnp.float32)) @ upright[None, None],
        body_pose=axis_angle_to_matrix(jnp.asarray(pose, jnp.float32)),
        pelvis=jnp.asarray(place, jnp.float32),
        betas=jnp.asarray(betas),
    )
    motion = resample(few, np.linspace(0, 3, FRAMES).astype(np.float32))
    soles = jax.jit(lowest_sole)(BODY, smpl.pose(BODY, motion), jnp.array([0.0, 0.0, 1.0]))
    grounded = jnp.stack([*jnp.moveaxis(motion.pelvis, -1, 0)[:2], motion.pelvis[..., 2] - soles], axis=-1)
    return Motion(global_orient=motion.global_orient, body_pose=motion.body_pose, pelvis=grounded, betas=motion.betas)


@jax.jit
def seen(motion: Motion) -> tuple[MonocularFit, MonocularInputs]:
    """The true scene in the camera's frame, and a perfect sight of it whose metres are of another scale."""
    R = jnp.asarray(R_CAMERA_WORLD)[None, None]
    in_camera = Motion(
        global_orient=compose(R, motion.global_orient),
        body_pose=motion.body_pose,
        pelvis=rotate(R, motion.pelvis) + T_CAMERA[None, None],
        betas=motion.betas,
    )
    points = smpl.keypoints(BODY, smpl.pose(BODY, in_camera))
    up = jnp.asarray(R_CAMERA_WORLD[:, 2])
    sight = MonocularInputs(
        keypoints=project(jnp.asarray(K), points),
        confidence=jnp.ones(points.shape[:-1]),
        metres=points,
        metres_weight=jnp.ones(points.shape[:2]),
        frame_mask=jnp.ones(points.shape[1]),
        intrinsics=jnp.asarray(K),
    )
    metres = 0.85 * rotate(transpose(line_of_sight(sight))[:, :, None], points)
    level = jnp.median(lowest_sole(BODY, smpl.pose(BODY, in_camera), up), axis=1)
    scene = MonocularFit(motion=in_camera, up=up, level=level, standing=jnp.ones(()))
    return scene, MonocularInputs(**{**vars(sight), "metres": metres})
