"""The upright square around one person, with the other person greyed out, as BlazePose wants it.

The region comes from MoveNet's keypoints in every frame: one made from BlazePose's own last landmarks stays on the
wrong person once it got there.
"""

import cv2
import numpy as np

SIZE = 256
GREY = (128, 128, 128)
MIN_KEYPOINT_SCORE = 0.2
_WIDE = 1.5  # of the limbs' radii: below, a detector finds remains of a person in one of five pictures; here, in none
_REACH, _TORSO = 1.1, 1.9  # half side of the region in distances to the farthest keypoint, and in torso lengths
# Limbs of COCO's 17 keypoints that stand for a person's silhouette, and their radius in torso lengths.
_LIMBS = (
    (5, 7, 0.14), (7, 9, 0.11), (6, 8, 0.14), (8, 10, 0.11), (5, 6, 0.16), (11, 12, 0.2), (5, 11, 0.2), (6, 12, 0.2),
    (5, 12, 0.2), (6, 11, 0.2), (11, 13, 0.2), (13, 15, 0.14), (12, 14, 0.2), (14, 16, 0.14), (0, 0, 0.3),
)  # fmt: skip


def region(keypoints: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The affine map [2, 3] from picture to region pixels, for one person's COCO keypoints [17, 2] and scores [17].

    Centre: between the hips. Up: from hips to shoulders. Half side: what holds every certain keypoint, and no less
    than 1.9 torso lengths.
    """
    hips, shoulders = keypoints[11:13].mean(axis=0), keypoints[5:7].mean(axis=0)
    up = shoulders - hips
    torso = max(float(np.linalg.norm(up)), 1.0)
    certain = keypoints[scores > MIN_KEYPOINT_SCORE]
    reach = float(np.linalg.norm(certain - hips, axis=1).max()) if len(certain) else 0.0
    scale = 0.5 * SIZE / max(_REACH * reach, _TORSO * torso)
    cosine, sine = -up[1] / torso, up[0] / torso
    linear = scale * np.array([[cosine, sine], [-sine, cosine]])
    return np.concatenate([linear, (0.5 * SIZE - linear @ hips)[:, None]], axis=1)


def crop(image: np.ndarray, to_region: np.ndarray, own: np.ndarray, other: np.ndarray, in_front: bool) -> np.ndarray:
    """The region [256, 256, 3] float32 in [0, 1] of an image, with the other person masked.

    own, other: COCO keypoints [17, 2] in picture pixels. The other's box is greyed where it lies outside one's own;
    inside, only capsules along the other's limbs are, since there the two are in contact or overlap. in_front: the
    pixels along one's own limbs are one's own, so they stay.
    """
    picture = cv2.warpAffine(image, to_region, (SIZE, SIZE))
    mine, theirs = apply(to_region, own), apply(to_region, other)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    _fill(mask, theirs, 255)
    _fill(mask, mine, 0)
    _draw_limbs(mask, theirs, 255)
    if in_front:
        _draw_limbs(mask, mine, 0)
    picture[mask > 0] = GREY
    return picture.astype(np.float32) / 255.0


def without(picture: np.ndarray, keypoints: np.ndarray) -> np.ndarray:
    """A region [256, 256, 3] with somebody greyed out along the limbs, and wide enough that nothing is left of the
    person that a detector would take for one. keypoints: COCO's [17, 2] in the region's pixels."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    _draw_limbs(mask, keypoints, 255, _WIDE)
    return np.where(mask[..., None] > 0, np.array(GREY, np.uint8), picture)


def apply(affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points [..., 2] moved by an affine map [..., 2, 3]."""
    return np.einsum("...ij,...nj->...ni", affine[..., :2], points) + affine[..., None, :, 2]


def invert(affine: np.ndarray) -> np.ndarray:
    """The inverse of affine maps [..., 2, 3]."""
    linear = np.linalg.inv(affine[..., :2])
    return np.concatenate([linear, -linear @ affine[..., 2:]], axis=-1)


def _fill(mask: np.ndarray, keypoints: np.ndarray, value: int) -> None:
    margin = 0.08 * np.linalg.norm(np.ptp(keypoints, axis=0))
    low, high = keypoints.min(axis=0) - margin, keypoints.max(axis=0) + margin
    corners = np.clip(np.stack([low, high]), -1, SIZE).astype(int)
    cv2.rectangle(mask, corners[0].tolist(), corners[1].tolist(), value, -1)


def _draw_limbs(mask: np.ndarray, keypoints: np.ndarray, value: int, width: float = 1.0) -> None:
    torso = np.linalg.norm(keypoints[5:7].mean(axis=0) - keypoints[11:13].mean(axis=0))
    for a, b, radius in _LIMBS:
        ends = np.clip(keypoints[[a, b]], -4 * SIZE, 5 * SIZE).astype(int)
        cv2.line(mask, ends[0].tolist(), ends[1].tolist(), value, max(1, round(2 * width * radius * torso)))
