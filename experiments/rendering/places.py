"""Rooms and streets by chance, around two people and the camera that looks at them."""

from collections.abc import Iterator

import numpy as np

from experiments.rendering.scenes import Rectangle, Scene
from experiments.rendering.textures import sky, surface

CEILING = (2.5, 3.6)  # metres
FLOORS, WALLS = ("planks", "tiles", "checks", "plain"), ("plain", "plain", "bricks", "tiles")
GROUNDS, FRONTS = ("plain", "tiles", "bricks", "plain"), ("windows", "windows", "bricks", "plain")
FURNITURE = ("plain", "plain", "planks", "shelves", "picture")
STREET = 0.35  # share of pictures that are taken outdoors


def place(rng: np.random.Generator, people: np.ndarray, eye: np.ndarray, size: tuple[int, int]) -> Scene:
    """A room or a street whose floor is z = 0, with nothing between the camera and the people.

    people: [N, 3] points they reach.  eye: [3] where the camera stands.  size: (width, height) of the picture.
    """
    yaw = rng.uniform(-0.6, 0.6) + np.arctan2(*(people.mean(axis=0) - eye)[1::-1])
    axes = np.array([[np.cos(yaw), np.sin(yaw), 0], [-np.sin(yaw), np.cos(yaw), 0], [0, 0, 1.0]])
    outdoors = rng.random() < STREET
    spread = (4.0, 14.0) if outdoors else (0.5, 2.5)
    inside = np.concatenate([people, eye[None]]) @ axes.T
    low, high = inside.min(axis=0) - rng.uniform(*spread, 3), inside.max(axis=0) + rng.uniform(*spread, 3)
    ceiling = rng.uniform(6, 15) if outdoors else max(rng.uniform(*CEILING), high[2])
    low[2], high[2] = 0.0, ceiling
    floors, walls = (GROUNDS, FRONTS) if outdoors else (FLOORS, WALLS)
    found = list(_shell(rng, low, high, rng.choice(floors), rng.choice(walls), not outdoors))
    boxes = [_box(rng, low, high, inside) for _ in range(rng.integers(2, 8))]
    found += [side for box in sorted(boxes, key=lambda box: -box[0]) for side in box[1]]
    turned = [Rectangle(r.corner @ axes, r.across @ axes, r.down @ axes, r.texture) for r in found]
    return Scene(turned, sky(rng, size))


def _shell(
    rng: np.random.Generator, low: np.ndarray, high: np.ndarray, floor: str, wall: str, closed: bool
) -> Iterator[Rectangle]:
    """Floor, the three walls before the camera with something on them, and a ceiling in closed rooms."""
    x, y, z = np.diag(high - low)
    wide, deep, tall = high - low
    yield Rectangle(low, x, y, surface(rng, wide, deep, floor))
    if closed:
        yield Rectangle(low + z, x, y, surface(rng, wide, deep, "plain"))
    for corner, along, length in ((low + x + z, y, deep), (low + z, x, wide), (low + y + z, x, wide)):
        yield Rectangle(corner, along, -z, surface(rng, length, tall, wall))
        for _ in range(rng.integers(0, 4)):
            share = np.array([rng.uniform(0.4, 1.6), rng.uniform(0.5, 1.3)]) / (length, tall)
            at = rng.uniform(0, np.maximum(1 - share, 0.01))
            picture = surface(rng, share[0] * length, share[1] * tall, rng.choice(("picture", "plain", "shelves")))
            yield Rectangle(corner + at[0] * along - at[1] * z, share[0] * along, -share[1] * z, picture)


def _box(
    rng: np.random.Generator, low: np.ndarray, high: np.ndarray, inside: np.ndarray
) -> tuple[float, list[Rectangle]]:
    """A piece of furniture (or a car, a stall) on the floor beyond the people, and how far away it is.

    inside: [N, 3] points of the people and, last, of the camera."""
    near = inside[:, 0].max() + 0.3
    size = np.minimum(rng.uniform((0.4, 0.4, 0.4), (1.2, 2.0, 2.0)), high - low)
    corner = np.array([max(near, high[0] - size[0]) - rng.uniform(0, max(high[0] - size[0] - near, 0)), 0, 0])
    corner[1] = rng.uniform(low[1], high[1] - size[1])
    x, y, z = np.diag(size)
    kind, dark = rng.choice(FURNITURE), rng.uniform(0.6, 0.9)
    front = surface(rng, size[1], size[2], kind)
    side = (dark * surface(rng, size[0], size[2], "plain")).astype(np.uint8)
    sides = [Rectangle(corner + z, x, y, surface(rng, size[0], size[1], "plain"))]
    ends = (corner + z, corner + y + z)  # the one that the camera sees comes last
    sides += [Rectangle(end, x, -z, side) for end in (ends if corner[1] < inside[-1, 1] else ends[::-1])]
    return corner[0], [*sides, Rectangle(corner + z, y, -z, front)]
