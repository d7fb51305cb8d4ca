"""What people look like: colours and thickness of skin, hair and clothes for every vertex of a body.

Clothes are told by where a vertex lies on the unshaped body at rest (T-pose, y up, facing +z). They are colours and a
layer along the normals, no geometry of their own: what hangs loose, as wide skirts do, is not there.
"""

import dataclasses

import numpy as np

from sm_jax.body.skeleton import KEYPOINTS
from sm_jax.body.smpl import Body

SKIN = np.array([[0.96, 0.80, 0.69], [0.87, 0.67, 0.53], [0.72, 0.51, 0.37], [0.50, 0.33, 0.22], [0.33, 0.21, 0.14]])
HAIR = np.array([[0.08, 0.06, 0.05], [0.24, 0.15, 0.09], [0.45, 0.30, 0.16], [0.78, 0.62, 0.36], [0.62, 0.60, 0.58]])
LIPS = np.array([0.72, 0.35, 0.33])


@dataclasses.dataclass(frozen=True)
class Outfit:
    """colours: [V, 3] in [0, 1].  thickness: [V] metres by which cloth and hair stand off the skin."""

    colours: np.ndarray
    thickness: np.ndarray


def dress(rng: np.random.Generator, body: Body) -> Outfit:
    """A person by chance: skin, hair, shirt with sleeves of some length, trousers, shorts or a skirt, shoes."""
    rest, weights = np.asarray(body.v_template), np.asarray(body.weights)
    x, y = np.abs(rest[:, 0]), rest[:, 1]
    spots: dict[str, np.ndarray] = dict(zip(KEYPOINTS, np.asarray(body.keypoint_template), strict=True))
    skin = np.clip(SKIN[rng.integers(len(SKIN))] * rng.uniform(0.9, 1.05), 0, 1)
    colours, thickness = np.tile(skin, (len(rest), 1)), np.zeros(len(rest))

    def wear(where: np.ndarray, cloth: np.ndarray, thick: float) -> None:
        colours[where], thickness[where] = cloth[where], thick

    hem = rng.choice([spots["left_ankle"][1] + 0.02, spots["left_ankle"][1] + 0.02, spots["left_knee"][1] + 0.06])
    sleeve = rng.choice([0.27, 0.33, 0.5, 0.68])
    waist = rng.uniform(0.03, 0.09)
    trunk_and_arms = (y > waist) & (x < sleeve) & (weights[:, [12, 15]].sum(axis=1) < rng.uniform(0.2, 0.5))
    trousers = fabric(rng, rest, plain=0.8)
    wear((y <= waist) & (y > hem) & (x < 0.4), trousers, rng.uniform(0.006, 0.02))
    wear(trunk_and_arms, trousers if rng.random() < 0.1 else fabric(rng, rest, plain=0.4), rng.uniform(0.005, 0.015))
    wear(y < spots["left_ankle"][1] + 0.025, fabric(rng, rest, plain=1.0), 0.008)
    _face(rest, spots, colours)
    hair = np.tile(HAIR[rng.integers(len(HAIR))] * rng.uniform(0.8, 1.1), (len(rest), 1)) * wrinkles(rng, rest, 0.2)
    wear(_hair(rest, spots, long=rng.random() < 0.5), hair, rng.uniform(0.01, 0.03))
    return Outfit(np.clip(colours, 0, 1), thickness)


def _face(rest: np.ndarray, spots: dict[str, np.ndarray], colours: np.ndarray) -> None:
    """Eyes, brows and lips, in place."""
    eye, nose = spots["left_eye"], spots["nose"]
    across, up, front = np.abs(rest[:, 0]) - eye[0], rest[:, 1] - eye[1], rest[:, 2] > eye[2] - 0.03
    colours[front & ((across / 0.016) ** 2 + (up / 0.008) ** 2 < 1)] = 0.92
    colours[front & (across**2 + up**2 < 0.006**2)] = 0.1
    colours[front & (np.abs(up - 0.022) < 0.006) & (np.abs(across) < 0.02)] *= 0.35
    mouth = (np.abs(rest[:, 1] - nose[1] + 0.031) < 0.01) & (np.abs(rest[:, 0]) < 0.026) & front
    colours[mouth] = 0.5 * colours[mouth] + 0.5 * LIPS * colours[mouth].max(axis=1, keepdims=True)


def _hair(rest: np.ndarray, spots: dict[str, np.ndarray], long: bool) -> np.ndarray:
    """Above a line from the brow's upper end to the neck; long hair falls to the shoulders."""
    _, y, z = (rest - spots["left_ear"]).T
    skull = (y > 0.02 + 0.75 * np.maximum(z, -0.12)) & (np.abs(rest[:, 0]) < spots["left_ear"][0] + 0.03)
    ear = (np.abs(rest[:, 0]) > spots["left_ear"][0] - 0.012) & (y < 0.03) & (y > -0.05) & (z > -0.02)
    falling = long & (y > -0.2) & (z < -0.01) & (np.abs(rest[:, 0]) < 0.09)
    return (skull & ~ear) | falling


def fabric(rng: np.random.Generator, rest: np.ndarray, plain: float) -> np.ndarray:
    """Colours [V, 3] of a cloth: plain with a given chance, else striped, checked or mottled; with wrinkles."""
    first, second = (rng.uniform(0.1, 0.9) * rng.uniform(0.35, 1.0, 3) for _ in range(2))
    waves = np.sin(2 * np.pi * rest / rng.uniform(0.06, 0.2))
    kinds = (waves[:, 1], waves[:, 0], waves[:, 0] * waves[:, 1], 20 * (wrinkles(rng, rest, 0.3)[:, 0] - 1))
    share = np.zeros(len(rest)) if rng.random() < plain else np.clip(0.5 + 2 * kinds[rng.integers(4)], 0, 1)
    return (first * (1 - share[:, None]) + second * share[:, None]) * wrinkles(rng, rest, 0.12)


def wrinkles(rng: np.random.Generator, rest: np.ndarray, depth: float) -> np.ndarray:
    """A factor [V, 1] around 1 that varies over some centimetres."""
    waves = rng.normal(size=(3, 8)) * 2 * np.pi / rng.uniform(0.06, 0.25, 8)
    return 1 + depth * np.sin(rest @ waves + rng.uniform(0, 6.3, 8)).mean(axis=1, keepdims=True) * 2
