"""Random motions, cameras and observations for the tests of this floor and those above.

Made by NumPy: each operation of JAX outside a compiled function compiles a program of its own.
"""

import jax
import jax.numpy as jnp
import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.types import Array, Camera, Motion, Observation


def random_motion(seed: int = 0, frames: int = 12, distance: float = 1.0) -> Motion:
    """Two people who stand `distance` apart on z = 0, upright (z up), with random limbs and headings."""
    rng = np.random.default_rng(seed)
    upright = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float32)  # y up becomes z up
    heading = rng.normal(size=(2, frames, 1, 3)) * [0.05, 0.05, 1.0]
    pelvis = rng.normal(size=(2, frames, 3)) * 0.05 + np.array([[[0, 0, 0.95]], [[distance, 0, 0.95]]])
    limbs = rng.normal(size=(2, frames, 23, 3)) * 0.3
    vectors = np.concatenate([heading, limbs], axis=2)
    R = Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(*vectors.shape, 3)
    return Motion(
        global_orient=jnp.asarray(R[:, :, 0] @ upright, jnp.float32),
        body_pose=jnp.asarray(R[:, :, 1:], jnp.float32),
        pelvis=jnp.asarray(pelvis, jnp.float32),
        betas=jnp.asarray(rng.normal(size=(2, 10)) * 0.3, jnp.float32),
    )


def front_camera(frames: int = 12, distance: float = 4.0) -> Camera:
    """A camera `distance` metres away along -y at 1.2 m height that looks along +y at people near the origin."""
    R = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
    position = np.array([0.0, -distance, 1.2])
    return Camera(
        K=jnp.array([[1000.0, 0, 500.0], [0, 1000.0, 500.0], [0, 0, 1.0]]),
        R=jnp.asarray(np.tile(R, (frames, 1, 1)), jnp.float32),
        t=jnp.asarray(np.tile(-R @ position, (frames, 1)), jnp.float32),
        image_size=jnp.array([1000.0, 1000.0]),
    )


def observe(motion: Motion, camera: Camera, keypoints: Array) -> Observation:
    """A perfect observation of a motion: everything visible, keypoints [P, T, K, 2] as given."""
    people, frames = motion.pelvis.shape[:2]
    return Observation(
        keypoints=keypoints,
        keypoint_confidence=jnp.asarray(np.ones((people, frames, keypoints.shape[2]), np.float32)),
        motion=motion,
        visibility=jnp.asarray(np.ones((people, frames, 24), np.float32)),
        camera=camera,
        fps=jnp.float32(30.0),
        frame_index=jnp.asarray(np.arange(frames), jnp.int32),
        frame_mask=jnp.asarray(np.ones(frames, np.float32)),
    )


def swap_people(tree):
    """Exchange the two people of a Motion, or of any pytree whose leaves start with the people axis."""
    return jax.tree.map(lambda x: x[::-1], tree)
