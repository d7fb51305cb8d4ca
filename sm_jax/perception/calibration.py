"""What rendered videos, whose keypoints are known, tell of the detectors.

How far to believe each of them, where they see a joint beside the body's own, and which error their agreement
foretells. The numbers lie in packaged/keypoint_calibration.json, which
`python -m experiments.benchmark_sets.calibrate_keypoints` makes from training clips.
"""

import dataclasses
import functools
import json
from pathlib import Path

import numpy as np

from sm_jax.body.skeleton import KEYPOINTS

FILE = Path(__file__).parent / "packaged" / "keypoint_calibration.json"
COCO = 17  # the keypoints of which there are three opinions
OPINIONS = ("blazepose", "movenet-thunder", "movenet-multipose")
# Keypoints of one kind, left and right, share their numbers.
KINDS = ("nose", "eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel", "toe", "hand")
KIND = np.array([KINDS.index(name.split("_")[-1]) for name in KEYPOINTS])
# Keypoints that BlazePose alone knows are judged by the one they hang on.
JUDGE = np.array([*range(COCO), 15, 16, 15, 16, 9, 10])
AXES = ("trunk", "shoulders", "hips", "proximal", "distal")
SIGNS = ("one", "log_apart", "log_coarse_apart", "fine_score", "coarse_score", "on_other", "not_found")
_NEARER = {"nose": "ear", "eye": "ear", "ear": "nose", "shoulder": "hip", "elbow": "shoulder", "wrist": "elbow"}
_NEARER |= {"hip": "shoulder", "knee": "hip", "ankle": "knee", "heel": "ankle", "toe": "ankle", "hand": "wrist"}
_FARTHER = {"nose": "shoulder", "eye": "shoulder", "ear": "shoulder", "shoulder": "elbow", "elbow": "wrist"}
_FARTHER |= {"wrist": "hand", "hip": "knee", "knee": "ankle", "ankle": "toe", "heel": "toe", "toe": "heel"}
_FARTHER |= {"hand": "elbow"}
# So that as many keypoints are sure, and unsure, as were when all that reads confidences was tuned.
HALF_SURE, STEEPNESS = 0.036, 2.0  # the error of confidence 1/2, in parts of a person's size
_WIDTH = 0.03  # of a person's size: an opinion so far from the middle one counts exp(-1/2) of its share
_LEAST_APART = 0.004  # of a person's size: detectors agree to no less
_UNKNOWN_APART, _MOST_APART = 0.1, 0.3  # of a person's size: what counts where an opinion is missing, and at most


@dataclasses.dataclass(frozen=True)
class KeypointCalibration:
    """Of each of `KINDS`. share: [kinds, 3] of each of `OPINIONS` where they agree.  offset: [kinds, axes] from where
    the detectors see a keypoint to where the body has it, in `body_axes`.  log_error: [kinds, signs] weights of `SIGNS`
    in the logarithm of the error to expect.
    """

    share: np.ndarray
    offset: np.ndarray
    log_error: np.ndarray


@functools.cache
def load_calibration() -> KeypointCalibration:
    """The packaged one."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    return KeypointCalibration(
        **{field.name: np.array(found[field.name]) for field in dataclasses.fields(KeypointCalibration)}
    )


def body_axes(keypoints: np.ndarray) -> np.ndarray:
    """Vectors [..., K, axes, 2] of keypoints [..., K, 2] in the picture, by which an offset that is fixed to the body
    is seen from any side: along the trunk, out of it at shoulders and hips (zero for the nose), and along the bones to
    the next keypoint nearer to the trunk and to the next one farther from it.
    """
    at = {name: keypoints[..., i, :] for i, name in enumerate(KEYPOINTS)}

    def find(kind: str, side: str) -> np.ndarray:
        names = [f"{side}_{kind}"] if side else [f"left_{kind}", f"right_{kind}"]
        return at[kind] if kind in at else np.mean([at[name] for name in names], axis=0)

    axes = []
    for name in KEYPOINTS:
        side, kind = name.rpartition("_")[0], name.split("_")[-1]
        other = {"left": "right", "right": "left", "": ""}[side]
        axes.append(
            [
                find("shoulder", "") - find("hip", ""),
                find("shoulder", side) - find("shoulder", other),
                find("hip", side) - find("hip", other),
                at[name] - find(_NEARER[kind], side),
                find(_FARTHER[kind], side) - at[name],
            ]
        )
    return np.stack([np.stack(vectors, axis=-2) for vectors in axes], axis=-3)


def person_size(keypoints: np.ndarray) -> np.ndarray:
    """Diagonal [...] in pixels of the box around shoulders, elbows, wrists, hips, knees and ankles of [..., K, 2]."""
    return np.linalg.norm(np.ptp(keypoints[..., 5:COCO, :], axis=-2), axis=-1) + 1e-6


def weigh_opinions(
    calibration: KeypointCalibration, opinions: np.ndarray, believed: np.ndarray, size: np.ndarray
) -> np.ndarray:
    """One position [P, T, 17, 2] out of three opinions [3, P, T, 17, 2]: their mean, in which each counts for its
    share, and less the farther it is from the middle one.

    believed: [3, P, T, 17] whether an opinion is of this person.  size: [P, T] pixels.
    """
    middle = np.nanmedian(np.where(believed[..., None], opinions, np.nan), axis=0)
    off = np.linalg.norm(opinions - middle, axis=-1) / size[..., None]
    near = np.exp(-0.5 * (off / _WIDTH) ** 2) + 1e-6
    weight = (calibration.share[KIND[:COCO]].T[:, None, None] + 1e-3) * near * believed
    return (weight[..., None] * opinions).sum(axis=0) / weight.sum(axis=0)[..., None]


def signs(
    opinions: np.ndarray, believed: np.ndarray, scores: np.ndarray, on_other: np.ndarray, fused: np.ndarray
) -> np.ndarray:
    """What foretells an error, [P, T, 17, signs] in the order of `SIGNS`.

    opinions: [3, P, T, 17, 2].  believed: [3, P, T, 17].  scores: [2, P, T, 17] of thunder and multipose.
    on_other: [P, T, 17] whether the keypoint lies on the other's trunk.  fused: [P, T, 17, 2].
    """
    size = person_size(fused)[..., None]

    def apart(a: np.ndarray, b: np.ndarray, both: np.ndarray) -> np.ndarray:
        distance = np.where(both, np.linalg.norm(a - b, axis=-1) / size, _UNKNOWN_APART)
        return np.log(np.minimum(distance, _MOST_APART) + _LEAST_APART)

    fine, thunder, coarse = opinions
    return np.stack(
        [
            np.ones_like(scores[0]),
            apart(fine, thunder, believed[0] & believed[1]),
            apart(coarse, 0.5 * (fine + thunder), believed[0] & believed[1] & believed[2]),
            scores[0] * believed[1],
            scores[1] * believed[2],
            on_other.astype(scores.dtype),
            (~believed[2]).astype(scores.dtype),
        ],
        axis=-1,
    )


def expected_error(calibration: KeypointCalibration, found: np.ndarray) -> np.ndarray:
    """The error [P, T, K] to expect of each keypoint, in parts of the person's size. found: [P, T, 17, signs]."""
    return np.exp((found[:, :, JUDGE] * calibration.log_error[KIND]).sum(axis=-1))


def as_confidence(error: np.ndarray) -> np.ndarray:
    """A confidence in [0, 1] for an error to expect, in parts of the person's size."""
    return 1.0 / (1.0 + (error / HALF_SURE) ** STEEPNESS)
