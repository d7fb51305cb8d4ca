"""MoveNet-multipose: up to six people with 17 COCO keypoints each, found in a square part of a picture.

One fixed input size, so one compiled program serves every video. People who fill the network's input are found less
often than small ones, hence 256 pixels and not more.
"""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path

import cv2
import jax
import numpy as np

from sm_jax.perception.tfjs.graph import load_graph

SIZE = 256
MIN_SCORE = 0.2


@dataclasses.dataclass(frozen=True)
class Square:
    """A square part of a picture, which may reach beyond it: left upper corner and side in pixels."""

    x: float
    y: float
    side: float


@dataclasses.dataclass(frozen=True)
class People:
    """The n people found in one picture.

    keypoints: [n, 17, 2] pixels in COCO's order.  keypoint_scores: [n, 17] in [0, 1].  scores: [n] in [0, 1].
    boxes: [n, 4] pixels, left, top, right, bottom.
    """

    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    scores: np.ndarray
    boxes: np.ndarray


Detector = Callable[[np.ndarray, Square], People]


@functools.cache
def load_detector(model: Path) -> Detector:
    """The detector of a MoveNet-multipose topology file, loaded and compiled once: (image [H, W, 3] uint8, part of it)
    → People."""
    graph = load_graph(model)
    network = jax.jit(lambda params, x: graph(params, x, ("output_0",))[0])
    params = jax.device_put(graph.params)

    def detect(image: np.ndarray, square: Square) -> People:
        crop = extract(image, square, SIZE).astype(np.int32)
        return decode(np.asarray(network(params, crop[None]))[0], square)

    return detect


def whole(image: np.ndarray) -> Square:
    """The square that holds the whole picture, with the picture in its left upper corner."""
    return Square(0.0, 0.0, float(max(image.shape[:2])))


def extract(image: np.ndarray, square: Square, size: int) -> np.ndarray:
    """The part of the image, black beyond its border, resized to [size, size, 3]."""
    side = max(1, round(square.side))
    x, y = round(square.x), round(square.y)
    part = image[max(y, 0) : max(y + side, 0), max(x, 0) : max(x + side, 0)]
    canvas = np.zeros((side, side, 3), np.uint8)
    top, left = min(max(-y, 0), side), min(max(-x, 0), side)
    canvas[top : top + part.shape[0], left : left + part.shape[1]] = part[: side - top, : side - left]
    return cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)


def decode(output: np.ndarray, square: Square) -> People:
    """The network's output [6, 56] (17 × (y, x, score), box as y, x, y, x, score) → the people it is confident of."""
    output = output[output[:, 55] >= MIN_SCORE]
    origin = np.array([round(square.x), round(square.y)], np.float32)
    points = output[:, :51].reshape(-1, 17, 3)
    boxes = output[:, [52, 51, 54, 53]].reshape(-1, 2, 2) * square.side + origin
    return People(
        keypoints=points[..., [1, 0]] * square.side + origin,
        keypoint_scores=points[..., 2],
        scores=output[:, 55],
        boxes=boxes.reshape(-1, 4),
    )
