"""What light and a camera of no great price add to a picture: shadows, casts of colour, softness, noise."""

from collections.abc import Callable

import cv2
import numpy as np

from experiments.rendering.scenes import Rectangle, paint
from sm_jax.export.render import Shot

SHADOW_DENSITY = 48  # pixels a metre


def shadows(now: Shot, vertices: np.ndarray, light: np.ndarray) -> np.ndarray:
    """What is left of the light on the floor, [H, W, 3] uint8, around vertices [P, V, 3]. light: [3] towards it."""
    flat = (vertices[..., :2] - vertices[..., 2:] * light[:2] / light[2]).reshape(-1, 2)
    low, high = flat.min(axis=0) - 0.3, flat.max(axis=0) + 0.3
    texture = np.zeros(np.ceil((high - low)[::-1] * SHADOW_DENSITY).astype(int), np.uint8)
    columns, rows = ((flat - low) * SHADOW_DENSITY).astype(int).T
    texture[rows, columns] = 100
    texture = cv2.GaussianBlur(cv2.morphologyEx(texture, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)), (9, 9), 0)
    (x, y), flipped = np.diag(high - low), cv2.merge([255 - texture] * 3)
    shade = np.full((now.size[1], now.size[0], 3), 255, np.uint8)
    paint(shade, now, Rectangle(np.append(low, 0), np.append(x, 0), np.append(y, 0), flipped))
    return shade


def finish(rng: np.random.Generator, size: tuple[int, int]) -> Callable[[np.ndarray], np.ndarray]:
    """A camera's own: a cast of colour, exposure, softness, darker corners, noise. [H, W, 3] -> uint8."""
    cast = rng.uniform(0.8, 1.15) * rng.uniform(0.92, 1.08, 3)
    across, down = (np.linspace(-1, 1, side) ** 2 for side in size)
    gain = (cast * (1 - rng.uniform(0, 0.15) * (across + down[:, None])[..., None])).astype(np.float32)
    softness, noise = rng.uniform(0.4, 0.8), rng.uniform(1.5, 5.0)

    def apply(picture: np.ndarray) -> np.ndarray:
        grain = noise * rng.standard_normal((*picture.shape[:2], 1), np.float32)
        return np.clip(cv2.GaussianBlur(picture * gain, (0, 0), softness) + grain, 0, 255).astype(np.uint8)

    return apply
