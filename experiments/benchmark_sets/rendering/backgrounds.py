"""Rooms and streets by chance, around two people and the camera that looks at them.

A background is a list of textured rectangles, drawn from far to near. Textures are [H, W, 3] uint8 RGB of a surface in
metres.
"""

import dataclasses
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from sm_jax.export.render import NEAR, Shot

DENSITY = 64  # pixels a metre, of all but very large surfaces
SHADOW_DENSITY = 48  # pixels a metre
LARGEST_SIDE = 1024  # pixels, of a texture
CEILING = (2.5, 3.6)  # metres
STREET = 0.35  # share of pictures that are taken outdoors
FLOORS, WALLS = ("planks", "tiles", "checks", "plain"), ("plain", "plain", "bricks", "tiles")
GROUNDS, FRONTS = ("plain", "tiles", "bricks", "plain"), ("windows", "windows", "bricks", "plain")
FURNITURE = ("plain", "plain", "planks", "shelves", "picture")
# Width and height of a cell in metres, shift of every other row, contrast between cells, gap in metres, gap's shade
CELLS = {
    "planks": (1.8, 0.14, 0.37, 0.12, 0.01, 0.6),
    "tiles": (0.45, 0.45, 0.0, 0.06, 0.02, 0.7),
    "checks": (0.6, 0.6, 0.0, 0.5, 0.0, 1.0),
    "bricks": (0.5, 0.16, 0.5, 0.2, 0.03, 1.25),
    "windows": (2.2, 2.8, 0.0, 0.8, 1.0, 1.3),
    "shelves": (0.25, 0.35, 0.31, 0.8, 0.03, 0.5),
}


@dataclasses.dataclass(frozen=True)
class Rectangle:
    """corner, across, down: [3] metres, of the texture's upper left corner and its sides.  texture: [H, W, 3] uint8."""

    corner: np.ndarray
    across: np.ndarray
    down: np.ndarray
    texture: np.ndarray


@dataclasses.dataclass(frozen=True)
class Scene:
    """rectangles: [n], drawn in this order.  behind: [H, W, 3] uint8 picture where none of them is."""

    rectangles: list[Rectangle]
    behind: np.ndarray

    def picture(self, shot: Shot) -> np.ndarray:
        """What one picture's camera sees of it, [H, W, 3] uint8."""
        image = self.behind.copy()
        for rectangle in self.rectangles:
            paint(image, shot, rectangle)
        return image


def paint(image: np.ndarray, shot: Shot, on: Rectangle) -> None:
    """Draw a rectangle into a picture, in place, as far as it stands before the camera."""
    height, width = on.texture.shape[:2]
    corners = on.corner + np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) @ np.stack([on.across, on.down])
    polygon = _before_camera(corners @ shot.R.T + shot.t)
    if len(polygon) < 3:
        return
    pixels = polygon @ shot.K.T
    pixels = np.clip(pixels[:, :2] / pixels[:, 2:], -1e4, 1e4)
    low = np.clip(np.floor(pixels.min(axis=0)), 0, shot.size).astype(int)
    high = np.clip(np.ceil(pixels.max(axis=0)) + 1, 0, shot.size).astype(int)
    if (high <= low).any():
        return
    from_texture = np.stack([on.across / width, on.down / height, on.corner], axis=1)
    homography = shot.K @ (shot.R @ from_texture + np.outer(shot.t, [0, 0, 1]))
    moved = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1.0]]) @ homography
    size = tuple((high - low).tolist())
    mask = np.zeros(size[::-1], np.uint8)
    cv2.fillConvexPoly(mask, np.round((pixels - low) * 16).astype(np.int32), 1, cv2.LINE_8, 4)
    warped = cv2.warpPerspective(on.texture, moved, size, borderMode=cv2.BORDER_REPLICATE)
    np.copyto(image[low[1] : high[1], low[0] : high[0]], warped, where=mask[..., None] > 0)


def _before_camera(points: np.ndarray) -> np.ndarray:
    """The part [m, 3] of a polygon [n, 3] in the camera's frame that lies farther than NEAR."""
    kept = []
    for a, b in zip(points, np.roll(points, -1, axis=0), strict=True):
        if a[2] > NEAR:
            kept.append(a)
        if (a[2] > NEAR) != (b[2] > NEAR):
            kept.append(a + (NEAR - a[2]) / (b[2] - a[2]) * (b - a))
    return np.array(kept)


def random_colour(
    rng: np.random.Generator, value: tuple[float, float] = (0.25, 0.95), strength: float = 0.14
) -> np.ndarray:
    """A colour [3] in 0..255, grey but for a share `strength`."""
    return 255 * np.clip(rng.uniform(*value) * (1 + rng.uniform(-strength, strength, 3)), 0, 1)


def octave_noise(rng: np.random.Generator, shape: tuple[int, int], coarsest: float) -> np.ndarray:
    """Noise [H, W] around 0, from `coarsest` pixels down to single ones, each octave half as strong."""
    total, strength = np.zeros(shape, np.float32), 1.0
    while coarsest > 1:
        grid = rng.normal(size=(int(shape[0] / coarsest) + 2, int(shape[1] / coarsest) + 2)).astype(np.float32)
        total += strength * cv2.resize(grid, shape[::-1], interpolation=cv2.INTER_CUBIC)
        coarsest, strength = coarsest / 2.5, strength / 2
    return total


def make_texture(rng: np.random.Generator, width: float, height: float, kind: str) -> np.ndarray:
    """A texture for a surface of that size in metres: plain, planks, tiles, bricks, windows, shelves or picture."""
    density = min(DENSITY, LARGEST_SIDE / max(width, height))
    shape = max(int(height * density), 4), max(int(width * density), 4)
    base = random_colour(rng)
    picture = np.tile(base.astype(np.float32), (*shape, 1)) + 6 * octave_noise(rng, shape, density)[..., None]
    if kind == "picture":
        mixed = np.stack([octave_noise(rng, shape, rng.uniform(0.2, 1.0) * density) for _ in range(2)], axis=-1)
        picture = base + mixed @ rng.normal(size=(2, 3)) * 20
    if kind in CELLS:
        picture = _cut_into_cells(rng, picture, density, *CELLS[kind])
    return np.clip(picture, 0, 255).astype(np.uint8)


def _cut_into_cells(
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


def make_sky(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A vertical gradient with clouds, [H, W, 3] for a picture of size (width, height)."""
    top, low = random_colour(rng, (0.5, 0.8), 0.4), random_colour(rng, (0.8, 1.0), 0.1)
    share = np.linspace(0, 1, size[1])[:, None, None] ** 0.7
    clouds = 12 * octave_noise(rng, (size[1], size[0]), size[0] / 3)[..., None]
    return np.clip(top * (1 - share) + low * share + clouds, 0, 255).astype(np.uint8)


def random_scene(rng: np.random.Generator, people: np.ndarray, eye: np.ndarray, size: tuple[int, int]) -> Scene:
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
    found = list(_enclosure(rng, low, high, rng.choice(floors), rng.choice(walls), not outdoors))
    boxes = [_furniture(rng, low, high, inside) for _ in range(rng.integers(2, 8))]
    found += [side for box in sorted(boxes, key=lambda box: -box[0]) for side in box[1]]
    turned = [Rectangle(r.corner @ axes, r.across @ axes, r.down @ axes, r.texture) for r in found]
    return Scene(turned, make_sky(rng, size))


def _enclosure(
    rng: np.random.Generator, low: np.ndarray, high: np.ndarray, floor: str, wall: str, closed: bool
) -> Iterator[Rectangle]:
    """Floor, the three walls before the camera with something on them, and a ceiling in closed rooms."""
    x, y, z = np.diag(high - low)
    wide, deep, tall = high - low
    yield Rectangle(low, x, y, make_texture(rng, wide, deep, floor))
    if closed:
        yield Rectangle(low + z, x, y, make_texture(rng, wide, deep, "plain"))
    for corner, along, length in ((low + x + z, y, deep), (low + z, x, wide), (low + y + z, x, wide)):
        yield Rectangle(corner, along, -z, make_texture(rng, length, tall, wall))
        for _ in range(rng.integers(0, 4)):
            share = np.array([rng.uniform(0.4, 1.6), rng.uniform(0.5, 1.3)]) / (length, tall)
            at = rng.uniform(0, np.maximum(1 - share, 0.01))
            picture = make_texture(rng, share[0] * length, share[1] * tall, rng.choice(("picture", "plain", "shelves")))
            yield Rectangle(corner + at[0] * along - at[1] * z, share[0] * along, -share[1] * z, picture)


def _furniture(
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
    front = make_texture(rng, size[1], size[2], kind)
    side = (dark * make_texture(rng, size[0], size[2], "plain")).astype(np.uint8)
    sides = [Rectangle(corner + z, x, y, make_texture(rng, size[0], size[1], "plain"))]
    ends = (corner + z, corner + y + z)  # the one that the camera sees comes last
    sides += [Rectangle(end, x, -z, side) for end in (ends if corner[1] < inside[-1, 1] else ends[::-1])]
    return corner[0], [*sides, Rectangle(corner + z, y, -z, front)]


def floor_shadows(now: Shot, vertices: np.ndarray, light: np.ndarray) -> np.ndarray:
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


def camera_effects(rng: np.random.Generator, size: tuple[int, int]) -> Callable[[np.ndarray], np.ndarray]:
    """What a camera of no great price adds to a picture [H, W, 3], as a function to uint8: a cast of colour, exposure,
    softness, darker corners, noise."""
    cast = rng.uniform(0.8, 1.15) * rng.uniform(0.92, 1.08, 3)
    across, down = (np.linspace(-1, 1, side) ** 2 for side in size)
    gain = (cast * (1 - rng.uniform(0, 0.15) * (across + down[:, None])[..., None])).astype(np.float32)
    softness, noise = rng.uniform(0.4, 0.8), rng.uniform(1.5, 5.0)

    def apply(picture: np.ndarray) -> np.ndarray:
        grain = noise * rng.standard_normal((*picture.shape[:2], 1), np.float32)
        return np.clip(cv2.GaussianBlur(picture * gain, (0, 0), softness) + grain, 0, 255).astype(np.uint8)

    return apply
