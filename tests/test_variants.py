"""Mathematics is the same compiled and not, and of host and device arrays (`chex.variants`)."""

import chex
import jax.numpy as jnp
import numpy as np
from absl.testing import parameterized
from scipy.spatial.transform import Rotation

from sm_jax.diffusion import guidance, process
from sm_jax.energies import ground, kernels, skating, smoothness
from sm_jax.geometry import camera, rotations
from sm_jax.motion import normalise, state, windows
from sm_jax.types import Array

RNG = np.random.default_rng(0)
TURNS = RNG.normal(size=(5, 3)).astype(np.float32)
MATRICES = Rotation.from_rotvec(TURNS).as_matrix().astype(np.float32)
K = np.array([[500, 0, 320], [0, 510, 240], [0, 0, 1]], np.float32)
POINTS = np.array([[0.1, -0.2, 2.0], [1.0, 0.5, 4.0]], np.float32)
STATES = RNG.normal(size=(2, 3, state.D)).astype(np.float32)
UNIT = normalise.Statistics(mean=np.full(state.D, 0.3, np.float32), std=np.full(state.D, 2.0, np.float32))
CLIP = RNG.normal(size=(2, windows.padded_frames(2), 3)).astype(np.float32)
THROWN = (0.5 * 10.0 * (np.arange(6) / 30) ** 2).astype(np.float32)[None, :, None, None] * np.ones((1, 1, 2, 3))
SLID = np.arange(4, dtype=np.float32)[None, :, None, None] / 150 * np.array([1.0, 0.0, 0.0], np.float32)
LEVEL, T = np.linspace(0.9, 0.1, 10).astype(np.float32), np.array([1, 8], np.int32)
X, NOISE = (RNG.normal(size=(2, 4)).astype(np.float32) for _ in range(2))


def there_and_back(x0: Array, noise: Array, t: Array) -> Array:
    return process.x0_from_noise(LEVEL, process.add_noise(LEVEL, x0, noise, t), noise, t)


def lowered(x: chex.Array) -> chex.Array:
    return guidance.descend(lambda y: jnp.square(y).sum(), x, guidance.relative_adam(0.05, 200), 200, 10.0)


CASES = (
    ("exponential", rotations.axis_angle_to_matrix, (TURNS,), MATRICES),
    ("logarithm", rotations.matrix_to_axis_angle, (MATRICES,), Rotation.from_matrix(MATRICES).as_rotvec()),
    ("six_d", lambda R: rotations.sixd_to_matrix(rotations.matrix_to_6d(R)), (MATRICES,), MATRICES),
    ("angle", rotations.angle_between, (MATRICES[:1], MATRICES[:1]), np.zeros(1)),
    ("projection", camera.project, (K, POINTS), (POINTS @ K.T)[:, :2] / POINTS[:, 2:]),
    ("normalise", lambda x: normalise.normalise(x, UNIT), (STATES,), (STATES - 0.3) / 2.0),
    ("windows", lambda x: windows.blend(windows.split(x, 2, axis=1)), (CLIP,), CLIP),
    ("huber", lambda x: kernels.pseudo_huber(x, 0.5), (X**2,), 2 * (np.sqrt(1 + X**2 / 0.25) - 1)),
    ("smoothness", smoothness.smoothness, (THROWN.astype(np.float32), np.float32(30), np.ones(6, np.float32)),
     2 * (np.sqrt(1 + 300 / smoothness.WIDTH**2) - 1)),
    ("skating", skating.skating, (SLID, np.ones((1, 4, 1), np.float32), np.float32(30), np.ones(4, np.float32)),
     2 * (np.sqrt(2.0) - 1)),
    ("carrying", ground.carrying, (np.array([0.4, 0.75, 1.0], np.float32),), [0.0, 0.5, 1.0]),
    ("noise", there_and_back, (X, NOISE, T), X),
    ("descent", lowered, (X,), np.zeros_like(X)),
)  # fmt: skip


class TestVariants(chex.TestCase):
    @chex.variants(with_jit=True, without_jit=True, with_device=True, without_device=True)
    @parameterized.named_parameters(*CASES)
    def test_the_value_is_the_textbooks(self, function, arguments, expected):
        found = self.variant(function)(*arguments)
        chex.assert_trees_all_close(
            np.asarray(found), np.asarray(expected, np.float32), atol=1e-2 if function is lowered else 1e-4
        )
