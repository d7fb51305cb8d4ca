"""Contact sheets: motions as rows of still pictures, to be looked at."""

from collections.abc import Sequence

import cv2
import numpy as np

from sm_jax.body import smpl
from sm_jax.export import mesh
from sm_jax.export.render import TURN, Floor, Shot, blend, bodies, side_camera
from sm_jax.types import Camera, Motion

_LABEL = 18  # pixels
_FONT, _INK, _PAPER = cv2.FONT_HERSHEY_SIMPLEX, (40, 40, 40), 255


def contact_sheet(
    body: smpl.Body, rows: Sequence[tuple[str, Motion]], columns: int, cell: tuple[int, int] = (200, 200)
) -> np.ndarray:
    """A picture [H, W, 3] uint8 with a labelled row for each motion [P, T] on the floor z = 0, seen from the side.

    columns: moments, evenly spread from the first frame to the last.  cell: width and height in pixels.
    """
    return np.concatenate([_row(body, label, motion, columns, cell) for label, motion in rows])


def _row(body: smpl.Body, label: str, motion: Motion, columns: int, cell: tuple[int, int]) -> np.ndarray:
    frames = np.linspace(0, motion.pelvis.shape[1] - 1, columns).round().astype(int)
    posed = smpl.pose(body, motion)
    joints, skin = np.asarray(posed.joints)[:, frames], np.asarray(smpl.vertices(body, posed))[:, frames]
    strip = np.full((_LABEL, columns * cell[0], 3), _PAPER, np.uint8)
    cv2.putText(strip, label, (4, _LABEL - 5), _FONT, 0.42, _INK, 1, cv2.LINE_AA)
    colours = np.repeat(mesh.COLOURS[:, None], skin.shape[2], axis=1)
    pictures = []
    for moment in range(columns):
        shot = _camera(joints, moment, cell)
        floor = Floor(shot, joints[:, moment : moment + 1], 0.0)
        now = skin[:, moment]
        pictures.append(blend(floor.with_shadows(now), *bodies(shot, now, np.asarray(body.faces), colours), 1.0))
    return np.concatenate([strip, np.concatenate(pictures, axis=1)])


def _camera(joints: np.ndarray, moment: int, cell: tuple[int, int]) -> Shot:
    """From where the people of a row are mostly seen side by side, near enough for those of this moment."""
    across = joints[1, :, 0, :2] - joints[0, :, 0, :2]
    sight = np.arctan2(*np.median(across, axis=0)[::-1]) + np.pi / 2 - TURN
    R = np.array([[[np.sin(sight), -np.cos(sight), 0], [0, 0, -1], [np.cos(sight), np.sin(sight), 0]]])
    camera = Camera(K=np.eye(3), R=R, t=np.zeros((1, 3)), image_size=np.array(cell))
    return side_camera(joints[:, moment : moment + 1], camera, cell)
