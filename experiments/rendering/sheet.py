"""A contact sheet of the rendered videos: a frame with the keypoints that were seen, and the estimate drawn over it."""

import pathlib
from collections.abc import Sequence

import cv2
import numpy as np

from experiments.rendering.cameras import shot
from sm_jax.body import smpl
from sm_jax.data.schema import PairSequence
from sm_jax.export import mesh, render
from sm_jax.perception.frames import frames_at
from sm_jax.types import Observation

BONES = ((5, 7), (7, 9), (6, 8), (8, 10), (5, 6), (11, 12), (5, 11), (6, 12), (11, 13), (13, 15), (12, 14), (14, 16))
HEIGHT, COLUMNS, COUNT = 250, 4, 12  # pixels; pictures of which each is shown twice, side by side
FAINT = 0.3  # confidence below which a bone is not drawn


def sheet(body: smpl.Body, sequences: Sequence[PairSequence], amounts: Sequence[str], out: pathlib.Path) -> np.ndarray:
    """[H, W, 3] uint8 of COUNT videos, evenly chosen from those that were not refused, in their middle frame."""
    seen = [(out / f"{s.name}_{a}.mp4", v.observation, f"{s.name}, {a} hidden")
            for s in sequences for v, a in zip(s.views, amounts, strict=True) if v.observation is not None]  # fmt: skip
    chosen = np.linspace(0, len(seen) - 1, COUNT).round().astype(int)
    cells = [_cell(body, *seen[i]) for i in chosen.tolist()]
    width = max(cell.shape[1] for cell in cells)
    padded = [np.pad(cell, ((0, 0), (0, width - cell.shape[1]), (0, 0))) for cell in cells]
    return np.concatenate([np.concatenate(padded[i : i + COLUMNS], axis=1) for i in range(0, COUNT, COLUMNS)])


def _cell(body: smpl.Body, video: pathlib.Path, seen: Observation, label: str) -> np.ndarray:
    frame = len(seen.frame_index) // 2
    (image,) = frames_at(video, np.array([frame]))
    drawn = keypoints_over(image, seen, frame)
    skin = np.asarray(smpl.vertices(body, smpl.pose(body, seen.motion)))[:, frame]
    colours = np.repeat(mesh.COLOURS[:, None], skin.shape[1], axis=1)
    fitted = render.blend(image, *render.bodies(shot(seen.camera, frame), skin, np.asarray(body.faces), colours), 0.9)
    both = np.concatenate([drawn, fitted], axis=1)
    both = cv2.resize(both, (round(both.shape[1] * HEIGHT / both.shape[0]), HEIGHT), interpolation=cv2.INTER_AREA)
    cv2.putText(both, label, (5, HEIGHT - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1, cv2.LINE_AA)
    return both


def keypoints_over(image: np.ndarray, seen: Observation, frame: int) -> np.ndarray:
    """The picture with each person's bones, those of which the front-end is not unsure."""
    picture, thick = image.copy(), max(1, image.shape[0] // 200)
    for person, colour in enumerate((255 * mesh.COLOURS).tolist()):
        points, sure = np.asarray(seen.keypoints)[person, frame], np.asarray(seen.keypoint_confidence)[person, frame]
        for a, b in BONES:
            if min(sure[a], sure[b]) > FAINT:
                start, end = points[[a, b]].round().astype(int).tolist()
                cv2.line(picture, start, end, colour, thick, cv2.LINE_AA)
    return picture
