"""A few hundred vertices that stand for the skin, each with its body region."""

import numpy as np

from sm_jax.body import skeleton

COUNT = 256

# Parts of the body that touch other people, and small ones, get denser points: the deepest vertex of a dancer in the
# other is one of a hand in nine frames of ten. What the points miss is measured by experiments/bench_body.py.
_FAVOUR = {"hand": 3.0, "forearm": 2.0, "neck": 1.6, "upper_arm": 1.4, "shoulder": 1.4, "waist": 1.3, "buttock": 1.3}
_FAVOUR |= {"chest": 1.2, "back": 1.2, "head": 0.8, "thigh": 0.8, "foot": 0.8, "shin": 0.7}

# Regions of the limbs by the joint that owns the vertex. The trunk's are told apart by geometry.
_LIMB_REGIONS = {1: "thigh", 4: "shin", 7: "foot", 10: "foot", 16: "upper_arm", 18: "forearm", 20: "hand", 22: "hand"}


def vertex_regions(v_template: np.ndarray, weights: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Sided region [V] of every vertex, as an index into `skeleton.SIDED_REGIONS`.

    v_template: [V, 3] T-pose, y up, facing +z, left = +x.  weights: [V, 24].  joints: [24, 3] rest joints.
    """
    owner = np.argmax(weights, axis=1)
    region = np.full(len(v_template), "head", dtype=object)
    region[owner == 12] = "neck"
    for joint, name in _LIMB_REGIONS.items():
        region[owner == joint] = f"left_{name}"
        region[owner == joint + 1] = f"right_{name}"
    trunk = np.isin(owner, (0, 3, 6, 9, 13, 14))
    region[trunk] = _trunk_regions(v_template[trunk], joints)
    for side, sign, hip in (("left", 1, 1), ("right", -1, 2)):
        seat = _is_seat(v_template, joints) & np.isin(owner, (0, 3, hip)) & (sign * v_template[:, 0] > 0)
        region[seat] = f"{side}_buttock"
    for side, sign, arm in (("left", 1, 16), ("right", -1, 17)):
        # The cap of the shoulder: the outer end of the collar bone and the first part of the arm.
        reach = sign * (v_template[:, 0] - joints[arm, 0]) / abs(joints[arm + 2, 0] - joints[arm, 0])
        region[np.isin(owner, (arm - 3, arm)) & (reach > -0.25) & (reach < 0.3)] = f"{side}_shoulder"
    return np.array([skeleton.SIDED_REGIONS.index(name) for name in region], np.int32)


def _trunk_regions(points: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Chest, belly, back or waist by height between hips (0) and shoulders (1), depth and width."""
    x, y, z = points.T
    height = (y - joints[1, 1]) / (joints[16, 1] - joints[1, 1])
    front = z > (z.min() + z.max()) / 2
    region = np.where(front, np.where(height > 0.45, "chest", "belly"), "back").astype(object)
    low = height < 0.4
    region[low & (np.abs(x) > 0.7 * np.abs(x[low]).max())] = "waist"
    return region


def _is_seat(points: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Behind the hip joints, from a third of the thigh below them to a sixth of the trunk above."""
    _, y, z = points.T
    hip, trunk, thigh = joints[1], joints[16, 1] - joints[1, 1], joints[1, 1] - joints[4, 1]
    return (z < hip[2] - 0.02) & (y > hip[1] - thigh / 3) & (y < hip[1] + trunk / 6)


def surface_points(v_template: np.ndarray, region: np.ndarray, count: int = COUNT) -> np.ndarray:
    """Vertices [S] spread over the skin by farthest-point sampling, regions that touch others favoured.

    The order is the sampling's: any first few points of a region are well spread over it. Deterministic.
    """
    names = [name.removeprefix("left_").removeprefix("right_") for name in skeleton.SIDED_REGIONS]
    favour = np.array([_FAVOUR.get(name, 1.0) for name in names])[region]
    count = min(count, len(v_template))
    chosen = [int(np.argmax(v_template[:, 1]))]
    distance = np.full(len(v_template), np.inf)
    for _ in range(count - 1):
        distance = np.minimum(distance, np.linalg.norm(v_template - v_template[chosen[-1]], axis=1))
        chosen.append(int(np.argmax(favour * distance)))
    return np.array(chosen, np.int32)
