"""Stick people for the tests of perception."""

import numpy as np

from sm_jax.perception.detector import People

# COCO's 17 keypoints of a standing person 200 px high, about the middle of the hips.
STANDING = np.array(
    [
        [0, -95], [3, -98], [-3, -98], [6, -96], [-6, -96], [20, -70], [-20, -70], [28, -40], [-28, -40], [30, -10],
        [-30, -10], [12, 0], [-12, 0], [13, 45], [-13, 45], [14, 90], [-14, 90],
    ],
    np.float32,
)  # fmt: skip


def standing(x: float, y: float = 300.0, scale: float = 1.0, facing: int = 1) -> np.ndarray:
    """Keypoints [17, 2] of a person at (x, y), facing the camera (1) or away from it (-1)."""
    return STANDING * [facing * scale, scale] + [x, y]


def people(*keypoints: np.ndarray, scores: float | tuple[float, ...] = 0.8) -> People:
    """What a perfect detector says of these people."""
    stacked = np.stack(keypoints).astype(np.float32) if keypoints else np.zeros((0, 17, 2), np.float32)
    score = np.broadcast_to(np.asarray(scores, np.float32), (len(stacked),))
    return People(
        keypoints=stacked,
        keypoint_scores=np.repeat(score[:, None], 17, axis=1),
        scores=score,
        boxes=np.concatenate([stacked.min(axis=1), stacked.max(axis=1)], axis=1) if keypoints else np.zeros((0, 4)),
    )
