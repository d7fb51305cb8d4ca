"""Shaded bodies in numpy and OpenCV, on any machine: painter's algorithm for who is in front, then smooth shading.

Faces are drawn from far to near into an image of face numbers; each covered pixel then takes the colour of its place
in its face. Two bodies of 13,718 vertices take about a tenth of a second, of 1,229 a hundredth.
"""

import dataclasses
import threading

import numpy as np

from sm_jax.errors import UserError
from sm_jax.export import mesh
from sm_jax.types import Array, Camera

try:
    import cv2
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[export]'") from error

NEAR = 0.05  # metres: faces that reach nearer to the camera are not drawn
SUBPIXEL_BITS = 4
# Thousands of short calls, each of which lets go of the interpreter: two threads at once would only wake each other.
_TURN = threading.Lock()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture's pinhole camera. K: [3, 3].  R: [3, 3] and t: [3], camera from world.  size: (width, height)."""

    K: np.ndarray
    R: np.ndarray
    t: np.ndarray
    size: tuple[int, int]

    def project(self, points: Array) -> tuple[np.ndarray, np.ndarray]:
        """World points [..., 3] to pixels [..., 2] and depth [...]; pixels mean nothing where depth < NEAR."""
        x, y, z = np.moveaxis(np.asarray(points) @ self.R.T + self.t, -1, 0)
        safe = np.maximum(z, NEAR)
        u = (self.K[0, 0] * x + self.K[0, 1] * y) / safe + self.K[0, 2]
        return np.stack([u, self.K[1, 1] * y / safe + self.K[1, 2]], axis=-1), z

    @property
    def position(self) -> np.ndarray:
        """Where the camera stands in the world, [3]."""
        return -self.R.T @ self.t


def bodies(shot: Shot, vertices: Array, faces: Array, colours: Array) -> tuple[np.ndarray, np.ndarray]:
    """Draw P closed meshes together.

    vertices: [P, V, 3] world.  faces: [F, 3], counter-clockwise from outside.  colours: [P, V, 3] in [0, 1].
    Returns the picture [H, W, 3] uint8 RGB, black where nothing is, and the person at each pixel [H, W] int8, -1 for
    none.
    """
    people, count = vertices.shape[:2]
    pixels, depth = shot.project(vertices)
    lit = 255 * _lit(shot, vertices, faces, colours).reshape(-1, 3)
    corners = (np.asarray(faces) + count * np.arange(people)[:, None, None]).reshape(-1, 3)
    pixels = pixels.reshape(-1, 2).astype(np.float32)[corners]
    drawn, image = _draw_faces(pixels, depth.ravel()[corners], shot.size)
    covered = np.flatnonzero(image >= 0)
    number = image.ravel()[covered]
    rows, columns = (x.astype(np.float32) for x in np.divmod(covered.astype(np.int32), shot.size[0]))
    colour = np.empty((len(covered), 3), np.uint8)
    for channel, (start, per_x, per_y) in enumerate(_colour_planes(pixels[drawn], lit[corners[drawn]])):
        value = np.take(start, number) + np.take(per_x, number) * columns + np.take(per_y, number) * rows
        colour[:, channel] = np.clip(value, 0, 255, out=value)
    picture = np.zeros((image.size, 3), np.uint8)
    picture[covered] = colour
    person = np.full(image.size, -1, np.int8)
    person[covered] = np.take(drawn // len(faces), number)
    return picture.reshape(*image.shape, 3), person.reshape(image.shape)


def _draw_faces(pixels: np.ndarray, depth: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The faces [n] that are drawn, from far to near, and at every pixel which of these is the nearest, [H, W] int32,
    -1 for none. pixels: [F, 3, 2], depth: [F, 3].
    """
    width, height = size
    (x0, x1, x2), (y0, y1, y2), (d0, d1, d2) = pixels[..., 0].T, pixels[..., 1].T, depth.T
    # y runs down, so faces that are counter-clockwise from outside have a negative area
    seen = np.flatnonzero((x1 - x0) * (y2 - y0) < (y1 - y0) * (x2 - x0))
    pixels, depth = pixels[seen], (d0 + d1 + d2)[seen]
    near = np.minimum(np.minimum(d0, d1), d2)[seen] <= NEAR
    outside = (pixels.max(1) < 0).any(1) | (pixels.min(1) > (width, height)).any(1) | near
    chosen = np.flatnonzero(~outside)
    chosen = chosen[np.argsort(-depth[chosen], kind="stable")]
    image = np.full((height, width), -1, np.int32)
    polygons = np.round(pixels[chosen] * 2**SUBPIXEL_BITS).astype(np.int32)
    with _TURN:
        for number, polygon in enumerate(polygons):
            cv2.fillConvexPoly(image, polygon, number, cv2.LINE_8, SUBPIXEL_BITS)
    return seen[chosen], image


def _colour_planes(pixels: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Each face's colour as a linear function of the pixel: [channel, at (0, 0) and per x and per y, F] float32.

    pixels: [F, 3, 2] and colours: [F, 3, 3] of the corners. Faces thinner than two pixels are of one colour, for
    there a pixel just outside, which the drawing covers too, would be far off.
    """
    a, b = pixels[:, 1] - pixels[:, 0], pixels[:, 2] - pixels[:, 0]
    area = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    longest = np.sqrt(np.maximum(np.maximum((a**2).sum(1), (b**2).sum(1)), ((a - b) ** 2).sum(1)))
    inverse = np.where(np.abs(area) > 2 * longest, 1 / np.where(area == 0, 1, area), 0)[:, None]
    to_a, to_b = colours[:, 1] - colours[:, 0], colours[:, 2] - colours[:, 0]
    per_x = (to_a * b[:, 1:] - to_b * a[:, 1:]) * inverse
    per_y = (to_b * a[:, :1] - to_a * b[:, :1]) * inverse
    centre = pixels.mean(1)
    start = colours.mean(1) - per_x * centre[:, :1] - per_y * centre[:, 1:]
    return np.stack([start, per_x, per_y]).transpose(2, 0, 1).astype(np.float32, order="C")


def _lit(shot: Shot, vertices: Array, faces: Array, colours: Array) -> np.ndarray:
    """Colours [P, V, 3] under a soft light from above and beside the camera, darker towards the outline."""
    normals = mesh.vertex_normals(vertices, faces)
    view = shot.position - np.asarray(vertices)
    view /= np.linalg.norm(view, axis=-1, keepdims=True)
    light = np.array([0, 0, 0.8]) - 0.5 * shot.R[0] - 0.6 * shot.R[2]
    diffuse = np.maximum(0.5 + 0.5 * normals @ (light / np.linalg.norm(light)), 0)  # rounding can make it negative
    facing = np.clip((normals * view).sum(-1), 0, 1)
    return np.asarray(colours) * ((0.3 + 0.85 * diffuse**1.5) * (0.6 + 0.4 * facing))[..., None]


def blend(background: np.ndarray, picture: np.ndarray, person: np.ndarray, opacity: float) -> np.ndarray:
    """Lay drawn bodies over a picture [H, W, 3] uint8, with softened outlines around and between them."""
    covered = person >= 0
    if not covered.any():
        return background
    rows, columns = (np.flatnonzero(covered.any(axis)) for axis in (1, 0))
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]  # the rest of the picture stays
    who = np.ascontiguousarray(person[window]).view(np.uint8)
    edge = cv2.morphologyEx(who, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    front = np.ascontiguousarray(picture[window])
    cv2.copyTo(cv2.convertScaleAbs(front, alpha=0.6), edge, front)
    inside = covered[window].astype(np.float32)
    alpha = opacity * cv2.blur(inside, (3, 3)) * inside
    result = background.copy()
    result[window] = cv2.blendLinear(front, np.ascontiguousarray(background[window]), alpha, 1 - alpha)
    return result


# The second viewpoint: a fixed camera that sees all of a motion from the side, over a floor with metre tiles.


TURN = np.deg2rad(60)  # about the vertical, away from the input's camera
ELEVATION = np.deg2rad(20)
FIELD_OF_VIEW = np.deg2rad(35)
MARGIN = 1.15
BACKGROUND, TILES, SHADOW = (236, 238, 241), ((214, 217, 221), (226, 228, 232)), 0.4
SHADOW_RESOLUTION = 48  # texture pixels a metre
FLOOR_REACH = 12  # metres from the middle of the motion; one wild frame must not ask for a floor of gigabytes


def side_camera(joints: Array, camera: Camera, size: tuple[int, int]) -> Shot:
    """A fixed camera `TURN` beside the input's median one, far enough to see every joint [P, T, J, 3] of the clip."""
    width, height = size
    points = np.asarray(joints, np.float64).reshape(-1, 3)
    centre = (points.min(0) + points.max(0)) / 2
    forward = np.median(np.asarray(camera.R, np.float64)[:, 2], axis=0)
    heading = np.arctan2(forward[1], forward[0]) + TURN
    z = np.array([*(np.cos(ELEVATION) * np.array([np.cos(heading), np.sin(heading)])), -np.sin(ELEVATION)])
    x = np.cross(z, [0, 0, 1.0])
    x /= np.linalg.norm(x)
    R = np.stack([x, np.cross(z, x), z])
    focal = height / 2 / np.tan(FIELD_OF_VIEW / 2)
    reach = (points - centre) @ R.T
    # A body is wider than its joints by about 15 cm.
    across = np.abs(reach[:, :2]) + 0.15
    distance = (across * focal * MARGIN / (np.array(size) / 2) - reach[:, 2:]).max()
    K = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    return Shot(K=K, R=R, t=np.array([0, 0, distance]) - R @ centre, size=size)


class Floor:
    """The floor of the second viewpoint at a height (metres), drawn once, and the shadows that bodies cast on it."""

    def __init__(self, shot: Shot, joints: Array, height: float):
        flat = np.asarray(joints)[..., :2].reshape(-1, 2)
        middle = np.median(flat, axis=0)
        flat = np.clip(flat, middle - FLOOR_REACH, middle + FLOOR_REACH)
        self.low, high = np.floor(flat.min(0) - 1.5), np.ceil(flat.max(0) + 1.5)
        self.shot, self.extent = shot, (high - self.low).astype(int)
        self.height = height
        self.empty = self._draw_tiles()
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * self.extent
        pixels, depth = shot.project(self._on_floor(corners))
        texture = (corners * SHADOW_RESOLUTION).astype(np.float32)
        # A floor that reaches behind the camera has no such map; then there are no shadows.
        seen = bool((depth > NEAR).all())
        self.to_picture = cv2.getPerspectiveTransform(texture, pixels.astype(np.float32)) if seen else None

    def _on_floor(self, places: Array) -> np.ndarray:
        """Places [..., 2] in metres from the floor's corner to world points [..., 3]."""
        flat = np.asarray(places, np.float64) + self.low
        return np.concatenate([flat, np.full_like(flat[..., :1], self.height)], axis=-1)

    def _draw_tiles(self) -> np.ndarray:
        width, height = self.shot.size
        picture = np.full((height, width, 3), BACKGROUND, np.uint8)
        square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
        for column in range(self.extent[0]):
            for row in range(self.extent[1]):
                pixels, depth = self.shot.project(self._on_floor(square + np.array([column, row])))
                if (depth > NEAR).all():
                    polygon = np.round(pixels * 16).astype(np.int32)
                    cv2.fillConvexPoly(picture, polygon, TILES[(column + row) % 2], cv2.LINE_AA, 4)
        return picture

    def with_shadows(self, vertices: Array) -> np.ndarray:
        """The floor [H, W, 3] uint8 under light from straight above on the vertices [P, V, 3]."""
        if self.to_picture is None:
            return self.empty
        texture = np.zeros((self.extent[1] * SHADOW_RESOLUTION, self.extent[0] * SHADOW_RESOLUTION), np.uint8)
        places = ((np.asarray(vertices)[..., :2] - self.low) * SHADOW_RESOLUTION).astype(int).reshape(-1, 2)
        inside = ((places >= 0) & (places < texture.shape[::-1])).all(-1)
        texture[places[inside, 1], places[inside, 0]] = 255
        texture = cv2.GaussianBlur(cv2.morphologyEx(texture, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)), (9, 9), 0)
        shade = cv2.warpPerspective(texture, self.to_picture, self.shot.size)
        light = cv2.convertScaleAbs(shade, alpha=-SHADOW, beta=255)
        return cv2.multiply(self.empty, cv2.merge([light] * 3), scale=1 / 255)
