"""The second viewpoint: a fixed camera that sees all of a motion from the side, over a floor with metre tiles."""

import cv2
import numpy as np

from sm_jax.export.render import NEAR, Shot
from sm_jax.types import Array, Camera

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
