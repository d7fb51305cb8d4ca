"""RTMO and RTMPose, as rtmlib runs them from ONNX files, in the place of MoveNet-multipose.

rtmlib (Tau-J/rtmlib, Apache-2.0) and the weights, which it names, are the user's to install and to pull:

    observe("clip.mp4", detector=load_rtmo("rtmo-m.onnx"))

Everything that is frozen or calibrated here was so with MoveNet.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sm_jax.errors import UserError
from sm_jax.perception.detector import MIN_SCORE, Detector, People, Square, extract

try:
    from rtmlib import RTMO, YOLOX, RTMPose
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install rtmlib") from error

_Find = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # BGR [H, W, 3] uint8 → [n, 17, 2] pixels, [n, 17]

_SIZE = 640  # pixels: RTMO's and YOLOX' input
_RTMO = {"score_thr": 0.1, "nms_thr": 0.65}  # MMPose's own: rtmlib's let one of two who embrace go


def load_rtmo(model: str | os.PathLike[str], *, device: str = "cpu") -> Detector:
    """The detector of an RTMO file for COCO's 17 keypoints, of an input of 640 x 640 pixels. device: as rtmlib names
    them, `cpu` or `cuda`. Raises UserError where there is no file, or none that ONNX Runtime loads."""
    return _as_detector(_load(RTMO, model, (_SIZE, _SIZE), device, **_RTMO))


def load_rtmpose(
    boxes: str | os.PathLike[str],
    pose: str | os.PathLike[str],
    *,
    size: tuple[int, int] = (192, 256),
    device: str = "cpu",
) -> Detector:
    """The detector of two files: YOLOX, which finds people in 640 x 640 pixels, and RTMPose, which finds COCO's 17
    keypoints in each one's box. size: width and height of RTMPose's input. device, raises: as `load_rtmo`."""
    find_boxes = _load(YOLOX, boxes, (_SIZE, _SIZE), device)
    find_pose = _load(RTMPose, pose, size, device)

    def find(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = find_boxes(image)
        if not len(found):  # rtmlib takes no box for the whole picture
            return np.zeros((0, 17, 2)), np.zeros((0, 17))
        return find_pose(image, bboxes=found)

    return _as_detector(find)


def _load(
    kind: Callable[..., Any], model: str | os.PathLike[str], size: tuple[int, int], device: str, **options: float
) -> Any:
    """One of rtmlib's networks, which would take a path that is not there for an address."""
    path = Path(model)
    if not path.is_file():
        raise UserError(f"{path}: no such file; give an .onnx that rtmlib's page links")
    try:
        return kind(str(path), model_input_size=size, backend="onnxruntime", device=device, **options)
    except Exception as error:  # ONNX Runtime has a class of its own for each way in which a file is none
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"{path}: not an ONNX file that can be run ({reason}); pull it again") from error


def _as_detector(find: _Find) -> Detector:
    def detect(image: np.ndarray, square: Square) -> People:
        keypoints, scores = find(extract(image, square, _SIZE)[..., ::-1])
        scores = np.clip(scores, 0, 1).astype(np.float32)  # RTMPose's are no probabilities
        sure = scores.mean(axis=1) >= MIN_SCORE  # rtmlib's nobody is one whose scores are zero
        origin = np.array([round(square.x), round(square.y)], np.float32)
        keypoints = (keypoints[sure] * (square.side / _SIZE) + origin).astype(np.float32)
        return People(
            keypoints=keypoints,
            keypoint_scores=scores[sure],
            scores=scores[sure].mean(axis=1),
            boxes=np.concatenate([keypoints.min(axis=1), keypoints.max(axis=1)], axis=1),
        )

    return detect
