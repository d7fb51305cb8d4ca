"""Two people close together with everything that the energies compare them with, all terms at work."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.energies.combine import EnergyWeights, Evidence
from sm_jax.geometry import rotations
from sm_jax.types import Camera, ContactTargets, Motion
from tests.energies.checks import noise

TERMS = tuple(field.name for field in dataclasses.fields(EnergyWeights))
UPRIGHT = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float32)  # z-up world from the body's y-up rest frame
HEIGHT = 0.9  # metres: pelvis of somebody who stands
DISTANCE = 4.0  # metres from the camera


def dancers(T: int, seed: int = 0, unrest: float = 0.3) -> Motion:
    """Two people in arbitrary poses of about `unrest` radians, a third of a metre apart, who move a little."""
    still = noise(2, 1, 24, 3, seed=seed, scale=unrest)
    R = rotations.axis_angle_to_matrix(still + noise(2, T, 24, 3, seed=seed + 1, scale=0.1 * unrest))
    R = np.asarray(R).copy()
    R[:, :, 0] = R[:, :, 0] @ UPRIGHT
    place = np.array([[0, 0, HEIGHT], [0.1, 0.3, HEIGHT]], np.float32)[:, None]
    return Motion(
        global_orient=R[:, :, 0],
        body_pose=R[:, :, 1:],
        pelvis=place + noise(2, T, 3, seed=seed + 2, scale=0.02),
        betas=noise(2, 10, seed=seed + 3),
    )


def camera(T: int) -> Camera:
    """Looks along y at a man's height from `DISTANCE` metres away."""
    return Camera(
        K=np.array([[600, 0, 320], [0, 600, 240], [0, 0, 1]], np.float32),
        R=np.broadcast_to(UPRIGHT.T, (T, 3, 3)),
        t=np.broadcast_to(np.array([0, HEIGHT, DISTANCE], np.float32), (T, 3)),
        image_size=np.array([640, 480], np.float32),
    )


def scene(T: int, seed: int = 0) -> tuple[Motion, np.ndarray, Evidence]:
    """A motion, its foot contact [P, T, 4], and evidence of a motion somewhat like it."""
    rng = np.random.default_rng(seed)
    u = rng.uniform(size=(2, T, 75)).astype(np.float32)
    evidence = Evidence(
        keypoints=np.float32(240) + noise(2, T, 23, 2, seed=seed + 4, scale=80),
        keypoint_confidence=u[..., :23],
        camera=camera(T),
        contacts=ContactTargets(
            mask_a=rng.integers(0, 2, (3, 22)).astype(np.float32),
            mask_b=rng.integers(0, 2, (3, 22)).astype(np.float32),
            weight=np.ones((3, T), np.float32),
        ),
        estimate=dancers(T, seed + 10),
        visibility=u[..., 23:47],
        fps=np.array(30, np.float32),
        frame_mask=np.ones(T, np.float32),
    )
    return dancers(T, seed), u[..., 47:51], evidence


def widened(tree):
    """Every float array of a pytree in float64; to be used where that is switched on."""

    def wider(x):
        return jnp.asarray(x, jnp.float64) if np.issubdtype(np.asarray(x).dtype, np.floating) else jnp.asarray(x)

    return jax.tree.map(wider, tree)
