"""Two people who stand and face each other."""

import jax.numpy as jnp
import numpy as np

from sm_jax.types import Motion

FPS, FRAMES = 30.0, 64


def turn(angle: float, axis: str = "z") -> np.ndarray:
    """Rotation [3, 3] about an axis."""
    c, s = np.cos(angle), np.sin(angle)
    return {
        "x": np.array([[1.0, 0, 0], [0, c, -s], [0, s, c]]),
        "y": np.array([[c, 0, s], [0, 1.0, 0], [-s, 0, c]]),
        "z": np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]]),
    }[axis]


def facing(distance: float, frames: int = FRAMES) -> Motion:
    """Person 0 at the origin faces +x, person 1 faces back from `distance` metres; arms down, elbows a little bent."""
    up = turn(np.pi / 2, "x")
    pose = np.tile(np.eye(3), (23, 1, 1))
    pose[15], pose[16] = turn(-1.3), turn(1.3)  # shoulders
    pose[17], pose[18] = turn(-0.4, "y"), turn(0.4, "y")  # elbows
    repeat = lambda x: jnp.asarray(np.broadcast_to(x[:, None], (2, frames, *x.shape[1:])), jnp.float32)  # noqa: E731
    return Motion(
        global_orient=repeat(np.stack([turn(np.pi / 2) @ up, turn(-np.pi / 2) @ up])),
        body_pose=repeat(np.stack([pose, pose])),
        pelvis=repeat(np.array([[0, 0, 0.96], [distance, 0, 0.96]])),
        betas=jnp.zeros((2, 10)),
    )
