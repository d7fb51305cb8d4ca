"""Errors of joints in space and in time."""

from itertools import combinations

import numpy as np

from experiments.simulator.seen import COCO, Seen, over
from sm_jax.body.skeleton import KEYPOINT_JOINTS

FPS = 30.0
BONES = {"thigh": (11, 13), "shin": (13, 15), "upper_arm": (5, 7), "forearm": (7, 9)}  # and the same plus one: right
BODY = slice(5, 17)
JOINT = np.array(KEYPOINT_JOINTS[:COCO])


def scale(seen: Seen) -> np.ndarray:
    """How much too large each person [N, P] is taken to be: median ratio of their lengths."""
    ends = np.array([*BONES.values()]).T
    lengths = [sum(np.linalg.norm(x[..., b + s, :] - x[..., a + s, :], axis=-1).sum(axis=-1) for s in (0, 1))
               for x in (seen.estimate, seen.truth) for a, b in (ends,)]  # fmt: skip
    return np.median(lengths[0] / lengths[1], axis=-1)


def rooted(seen: Seen) -> np.ndarray:
    """Errors [N, P, T, 12, 3] of the body's keypoints relative to the middle of the hips, in the camera's frame."""
    error = np.asarray(seen.estimate - seen.truth)
    return (error - error[..., 11:13, :].mean(axis=-2, keepdims=True))[..., BODY, :]


def bones(seen: Seen) -> dict[str, float]:
    """Errors of bones as vectors, of people scaled to their size: along the line of sight, and across it."""
    visible = np.asarray(seen.visibility)[..., JOINT]
    sized = np.asarray(seen.estimate) / scale(seen)[..., None, None, None]
    middle = lambda x, a: x[..., a : a + 2, :].mean(axis=-2, keepdims=True)  # noqa: E731
    errors, least = {}, {}
    for name, (a, b) in BONES.items():
        both = [slice(a, a + 2), slice(b, b + 2)]
        errors[name] = [x[..., both[1], :] - x[..., both[0], :] for x in (sized, np.asarray(seen.truth))]
        least[name] = np.minimum(visible[..., both[0]], visible[..., both[1]])
    errors["trunk"] = [middle(x, 5) - middle(x, 11) for x in (sized, np.asarray(seen.truth))]
    least["trunk"] = visible[..., [5, 6, 11, 12]].min(axis=-1, keepdims=True)
    found = {}
    for name, (mine, true) in errors.items():
        along, across = np.abs(mine - true)[..., 2], np.linalg.norm((mine - true)[..., :2], axis=-1)
        found[f"{name}_along_mm"] = typical(1e3 * along, least[name] > 0.6)
        found[f"{name}_across_mm"] = typical(1e3 * across, least[name] > 0.6)
    size = np.concatenate([np.linalg.norm(m - t, axis=-1) for m, t in errors.values()], axis=-1)
    unseen = np.concatenate([*least.values()], axis=-1) < 0.3
    return found | {"hidden_bones_mm": 1e3 * over(np.mean, size[unseen])}


def in_time(seen: Seen) -> dict[str, float]:
    """How errors change, from the differences of views: the reference, which trembles more than the estimate, has no
    part in it. Views must follow one another in fours."""
    world = np.einsum("nij,nptkj->nptki", seen.R_world_camera, rooted(seen))
    world = world.reshape(-1, 4, *world.shape[1:])
    apart = np.stack([world[:, a] - world[:, b] for a, b in combinations(range(4), 2)]) / np.sqrt(2)
    size = lambda x: float(np.median(np.linalg.norm(x, axis=-1).mean(axis=(3, 4))))  # noqa: E731
    change = lambda lag: 1e3 * size(apart[:, :, :, lag:] - apart[:, :, :, :-lag])  # noqa: E731
    own = np.asarray(seen.estimate)[..., BODY, :]
    return {
        "lasting_mm": 1e3 * size(apart.mean(axis=3, keepdims=True)),
        "change_in_5_frames_mm": change(5),
        "change_in_15_frames_mm": change(15),
        "velocity_error": FPS * size(np.diff(apart, axis=3)),
        "acceleration_error": FPS**2 * size(np.diff(apart, n=2, axis=3)),
        "jitter_error": FPS**3 * size(np.diff(apart, n=3, axis=3)),
        "jitter": float(FPS**3 * np.linalg.norm(np.diff(own, n=3, axis=2), axis=-1).mean()),
    }


def typical(values: np.ndarray, where: np.ndarray) -> float:
    """Median over clips and people [N, P] of the mean where it counts."""
    share = where.sum(axis=(2, 3))
    mean = np.where(where, values, 0).sum(axis=(2, 3)) / np.maximum(share, 1)
    return over(np.median, mean[share > 0])
