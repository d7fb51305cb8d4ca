"""Pictures for floors, walls, furniture and skies, by chance. Each is [H, W, 3] uint8 RGB of a surface in metres."""

import cv2
import numpy as np

DENSITY = 64  # pixels a metre, of all but very large surfaces
_LARGEST = 1024  # pixels along a side


def tint(rng: np.random.Generator, value: tuple[float, float] = (0.25, 0.95), strength: float = 0.14) -> np.ndarray:
    """A colour [3] in 0..255, grey but for a share `strength`."""
    return 255 * np.clip(rng.uniform(*value) * (1 + rng.uniform(-strength, strength, 3)), 0, 1)


def blotches(rng: np.random.Generator, shape: tuple[int, int], coarsest: float) -> np.ndarray:
    """Noise [H, W] around 0, from `coarsest` pixels down to single ones, each octave half as strong."""
    total, strength = np.zeros(shape, np.float32), 1.0
    while coarsest > 1:
        grid = rng.normal(size=(int(shape[0] / coarsest) + 2, int(shape[1] / coarsest) + 2)).astype(np.float32)
        total += strength * cv2.resize(grid, shape[::-1], interpolation=cv2.INTER_CUBIC)
        coarsest, strength = coarsest / 2.5, strength / 2
    return total


def surface(rng: np.random.Generator, width: float, height: float, kind: str) -> np.ndarray:
    """A texture for a surface of that size in metres: plain, planks, tiles, bricks, windows, shelves or picture."""
    density = min(DENSITY, _LARGEST / max(width, height))
    shape = max(int(height * density), 4), max(int(width * density), 4)
    base = tint(rng)
    picture = np.tile(base.astype(np.float32), (*shape, 1)) + 6 * blotches(rng, shape, density)[..., None]
    if kind == "picture":
        mixed = np.stack([blotches(rng, shape, rng.uniform(0.2, 1.0) * density) for _ in range(2)], axis=-1)
        picture = base + mixed @ rng.normal(size=(2, 3)) * 20
    if kind in _CELLS:
        picture = _cells(rng, picture, density, *_CELLS[kind])
    return np.clip(picture, 0, 255).astype(np.uint8)


# Width and height of a cell in metres, shift of every other row, contrast between cells, gap in metres, gap's shade
_CELLS = {
    "planks": (1.8, 0.14, 0.37, 0.12, 0.01, 0.6),
    "tiles": (0.45, 0.45, 0.0, 0.06, 0.02, 0.7),
    "checks": (0.6, 0.6, 0.0, 0.5, 0.0, 1.0),
    "bricks": (0.5, 0.16, 0.5, 0.2, 0.03, 1.25),
    "windows": (2.2, 2.8, 0.0, 0.8, 1.0, 1.3),
    "shelves": (0.25, 0.35, 0.31, 0.8, 0.03, 0.5),
}


def _cells(
    rng: np.random.Generator, picture: np.ndarray, density: float, wide: float, high: float, shift: float,
    contrast: float, gap: float, gap_shade: float,
) -> np.ndarray:  # fmt: skip
    """The picture cut into cells of different brightness, with gaps between them."""
    down, across = (np.arange(n) / density for n in picture.shape[:2])
    row = (down / high).astype(int)
    place = across[None] / wide + shift * row[:, None]
    column = place.astype(int) % 997
    shade = 1 + contrast * (rng.random((row.max() + 1, 997)) - 0.5)[row[:, None], column]
    into = np.minimum(place % 1 * wide, (down / high % 1 * high)[:, None])
    shade = np.where(into < gap, gap_shade, shade)[..., None]
    return cv2.GaussianBlur((picture * shade).astype(np.float32), (0, 0), 0.8)


def sky(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A vertical gradient with clouds, [H, W, 3] for a picture of size (width, height)."""
    top, low = tint(rng, (0.5, 0.8), 0.4), tint(rng, (0.8, 1.0), 0.1)
    share = np.linspace(0, 1, size[1])[:, None, None] ** 0.7
    clouds = 12 * blotches(rng, (size[1], size[0]), size[0] / 3)[..., None]
    return np.clip(top * (1 - share) + low * share + clouds, 0, 255).astype(np.uint8)
