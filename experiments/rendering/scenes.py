"""Where people are: rooms and streets of textured rectangles, drawn from far to near."""

import dataclasses

import cv2
import numpy as np

from sm_jax.export.render import NEAR, Shot


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
