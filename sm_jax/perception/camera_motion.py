"""Whether the camera moved: points of the background, followed through small pictures of a shot."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from sm_jax.perception.detector import SIZE

_POINTS, _QUALITY, _APART = 150, 0.02, 5  # corners that are followed; their least worth beside the best; pixels
_LEAST = 12  # points without which nothing can be said
_SAME = 1.0  # pixels by which a point may miss the way of all
_AGREED = 0.5  # share of the points that must go one way
_AROUND = 0.15  # of a person's box, by which it is widened
_KEPT = 0.03  # of the picture: from this motion on, the points of another picture are followed


def camera_motion(
    glances: Iterable[np.ndarray], boxes: Sequence[np.ndarray], size: tuple[float, float]
) -> float | None:
    """How far the picture's corners came away from where the first picture has them, the largest way, as a share of the
    longer side. None where too little of the background can be followed in most pictures.

    glances: [SIZE, SIZE, 3], the picture in the left upper corner.  boxes: of the people in each, [n, 4] in pixels of
    the source.  size: of the source, (width, height).
    """
    scale = SIZE / max(size)
    width, height = (side * scale for side in size)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    kept: tuple[np.ndarray, np.ndarray] | None = None  # a picture, and where it has the first one's corners
    farthest, followed, count = 0.0, 0, 0
    for glance, people in zip(glances, boxes, strict=True):
        grey, count = cv2.cvtColor(glance, cv2.COLOR_RGB2GRAY), count + 1
        mask = _background(people * scale, width, height)
        if kept is None:
            kept = grey, corners
            continue
        way = _way(kept[0], grey, mask)
        if way is None:
            kept = grey, kept[1]
            continue
        now = kept[1] @ way[:, :2].T + way[:, 2]
        farthest, followed = max(farthest, float(np.linalg.norm(now - corners, axis=1).max())), followed + 1
        if np.linalg.norm(now - kept[1], axis=1).max() > _KEPT * SIZE:
            kept = grey, now.astype(np.float32)
    return farthest / SIZE if followed > 0.5 * (count - 1) else None


def _background(boxes: np.ndarray, width: float, height: float) -> np.ndarray:
    """[SIZE, SIZE] 255 where there is picture, and nobody."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[: int(height), : int(width)] = 255
    for left, top, right, bottom in boxes:
        margin = _AROUND * max(right - left, bottom - top)
        a, b = (left - margin, top - margin), (right + margin, bottom + margin)
        cv2.rectangle(mask, [int(x) for x in a], [int(x) for x in b], 0, -1)
    return mask


def _way(before: np.ndarray, now: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """The similarity [2, 3] that takes the background's points of one grey picture to another's."""
    points = cv2.goodFeaturesToTrack(now, _POINTS, _QUALITY, _APART, mask=mask)
    if points is None or len(points) < _LEAST:
        return None
    there, found, _ = cv2.calcOpticalFlowPyrLK(now, before, points, np.empty_like(points))
    back, again, _ = cv2.calcOpticalFlowPyrLK(before, now, there, np.empty_like(points))
    sure = (found[:, 0] > 0) & (again[:, 0] > 0) & (np.linalg.norm(back - points, axis=-1)[:, 0] < _SAME)
    if sure.sum() < _LEAST:
        return None
    way, inside = cv2.estimateAffinePartial2D(there[sure], points[sure], ransacReprojThreshold=_SAME)
    return way if way is not None and inside.mean() > _AGREED else None
