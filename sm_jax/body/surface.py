"""A few hundred vertices that stand for the skin, each with its body region."""

import numpy as np

from sm_jax.body import skeleton

COUNT = 256

# Parts of the body that touch other people get denser points.
_FAVOUR = {"hand": 2.0, "forearm": 1.5, "upper_arm": 1.4, "shoulder": 1.4, "chest": 1.2, "back": 1.2, "foot": 0.8}

# Regions of the limbs by the joint that owns the vertex. The trunk's are told apart by geometry.
_LIMB_REGIONS = {1: "thigh", 4: "shin", 7: "foot", 10: "foot", 16: "upper_arm", 18: "forearm", 20: "hand", 22: "hand"}


def vertex_regions(v_template: np.ndarray, weights: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Sided region [V] of every vertex, as an index into `skeleton.SIDED_REGIONS`.

    v_template: [V, 3] T-pose, y up, facing +z, left = +x.  weights: [V, 24].  joints: [24, 3] rest joints.
    """
    owner = np.argmax(weights, axis=1)
    x, y, z = v_template.T
    hip, shoulder = joints[1], joints[16]
    table = {"left": {}, "right": {}}
    for joint, name in _LIMB_REGIONS.items():
        table["left"][joint], table["right"][joint + 1] = name, name
    region = np.full(len(v_template), "", dtype=object)
    for side in ("left", "right"):
        for joint, name in table[side].items():
            region[owner == joint] = f"{side}_{name}"
    side_of = np.where(x >= 0, "left_", "right_").astype(object)
    trunk = np.isin(owner, (0, 3, 6, 9, 13, 14))
    middle = np.mean([z[trunk].min(), z[trunk].max()])
    front = z > middle
    region[owner == 12], region[owner == 15] = "neck", "head"
    # Height bands of the trunk: waist from the hip joints to the navel, belly up to the ribs, chest above.
    ribs, navel = joints[6, 1], joints[3, 1]
    region[trunk] = np.where(front[trunk], np.where(y[trunk] > ribs, "chest", "belly"), "back")
    flank = trunk & (y < ribs) & (np.abs(x) > 0.75 * np.abs(x[trunk & (y < ribs)]).max())
    region[flank] = "waist"
    region[trunk & ~front & (y > hip[1]) & (y < navel)] = "waist"
    seat = ~front & (y <= hip[1]) & (y > hip[1] - 0.5 * (hip[1] - joints[4, 1]) * 0.6) & np.isin(owner, (0, 1, 2))
    region[seat] = side_of[seat] + "buttock"
    # The cap of the shoulder: near the joint, on the outer end of the collar bone or the first part of the arm.
    for side, sign, arm in (("left", 1, 16), ("right", -1, 17)):
        reach = sign * (x - joints[arm, 0])
        length = abs(joints[arm + 2, 0] - joints[arm, 0])
        cap = (
            np.isin(owner, (arm - 3, arm)) & (reach > -0.25 * length) & (reach < 0.3 * length) & (y > shoulder[1] - 0.1)
        )
        region[cap] = f"{side}_shoulder"
    return np.array([skeleton.SIDED_REGIONS.index(name) for name in region], np.int32)


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
