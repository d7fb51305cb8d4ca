"""A contact sheet of the rendered videos: a frame with the keypoints that were seen, and the estimate drawn over it."""

import pathlib
from collections.abc import Sequence

import cv2
import numpy as np

from experiments.benchmark_sets.rendering.cameras import shot_at
from sm_jax.body import smpl
from sm_jax.data.schema import PairSequence
from sm_jax.export import mesh, render
from sm_jax.perception.frames import frames_at, probe
from sm_jax.types import Observation

LIMBS = ((5, 7), (7, 9), (6, 8), (8, 10), (5, 6), (11, 12), (5, 11), (6, 12), (11, 13), (13, 15), (12, 14), (14, 16))
SIDE, COLUMNS, COUNT = 220, 3, 12  # pixels; videos, of which each is shown twice, side by side
LEVELS = 24  # of each colour: a sheet stays small
FAINT = 0.3  # confidence below which a bone is not drawn


def draw_sheet(
    body: smpl.Body, sequences: Sequence[PairSequence], amounts: Sequence[str], out: pathlib.Path
) -> np.ndarray:
    """[H, W, 3] uint8 of COUNT videos, evenly chosen from those that were not refused, in their middle frame."""
    seen = [(out / f"{s.name}_{a}.mp4", v.observation, f"{s.name}, {a} hidden")
            for s in sequences for v, a in zip(s.views, amounts, strict=True) if v.observation is not None]  # fmt: skip
    chosen = np.linspace(0, len(seen) - 1, COUNT).round().astype(int)
    cells = []
    for i in chosen.tolist():
        video, observation, label = seen[i]
        cells.append(draw_view(body, video, observation, label, len(observation.frame_index) // 2))
    whole = np.concatenate([np.concatenate(cells[i : i + COLUMNS], axis=1) for i in range(0, COUNT, COLUMNS)])
    return whole // (256 // LEVELS) * (256 // LEVELS)


def draw_view(body: smpl.Body, video: pathlib.Path, seen: Observation, label: str, frame: int) -> np.ndarray:
    """A frame twice, [SIDE, 2 * SIDE, 3] uint8: with the keypoints, and with the estimate."""
    (image,) = frames_at(probe(video), np.array([frame]))
    drawn = draw_keypoints(image, seen, frame)
    skin = np.asarray(smpl.vertices(body, smpl.pose(body, seen.motion)))[:, frame]
    colours = np.repeat(mesh.COLOURS[:, None], skin.shape[1], axis=1)
    fitted = render.blend(
        image, *render.bodies(shot_at(seen.camera, frame), skin, np.asarray(body.faces), colours), 0.9
    )
    points = np.asarray(seen.keypoints)[:, frame].reshape(-1, 2)
    half = 0.62 * np.ptp(points, axis=0).max()
    low = (points.min(axis=0) + points.max(axis=0)) / 2 - half
    zoom = SIDE / (2 * half) * np.array([[1, 0, -low[0]], [0, 1, -low[1]]])
    both = np.concatenate(
        [cv2.warpAffine(x, zoom, (SIDE, SIDE), flags=cv2.INTER_AREA) for x in (drawn, fitted)], axis=1
    )
    cv2.putText(both, label, (5, SIDE - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1, cv2.LINE_AA)
    return both


def draw_keypoints(image: np.ndarray, seen: Observation, frame: int) -> np.ndarray:
    """The picture with each person's bones, those of which the front-end is not unsure."""
    picture, thick = image.copy(), max(1, image.shape[0] // 200)
    for person, colour in enumerate((255 * mesh.COLOURS).tolist()):
        points, sure = np.asarray(seen.keypoints)[person, frame], np.asarray(seen.keypoint_confidence)[person, frame]
        for a, b in LIMBS:
            if min(sure[a], sure[b]) > FAINT:
                start, end = points[[a, b]].round().astype(int).tolist()
                cv2.line(picture, start, end, colour, thick, cv2.LINE_AA)
    return picture
