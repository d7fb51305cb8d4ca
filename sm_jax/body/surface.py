"""A few hundred vertices that stand for the skin, each with its body region."""

import numpy as np

from sm_jax.body import skeleton

COUNT = 256

# Parts of the body that touch other people, and small ones, get denser points: the deepest vertex of a dancer in the
# other is one of a hand in nine frames of ten. What the points miss is measured by
# `python -m experiments.benchmarks.body`.
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


# Which vertices are the nose, eyes, ears, heels and toes of a body.


# Keypoints that are vertices; all others of `skeleton.KEYPOINTS` are joints.
VERTEX_KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_heel", "right_heel", "left_toe", "right_toe",
)  # fmt: skip

# The vertices that the field uses, by the number of vertices of the topology: SMPL's, which SMPL-H shares, and
# SMPL-X's. Checked against `vertex_ids` of github.com/vchoutas/smplx, on which the OpenPose and COCO keypoints of
# SMPLify-X, SPIN and later work rest; the same feet are in GVHMR's foot sliding.
KNOWN_VERTICES = {
    6890: (332, 2800, 6260, 583, 4071, 3387, 6787, 3216, 6617),
    10475: (9120, 9448, 9929, 6, 616, 8846, 8635, 5770, 8463),
}

# Adult means: pupils 63 mm apart (Dodgson, SPIE 2004), about 40 mm above the tip of the nose.
_HALF_PUPIL_DISTANCE, _EYE_ABOVE_NOSE = 0.0315, 0.04
_EAR_DEPTH = 0.015  # the outer ear: head vertices within this distance of the widest one


def keypoint_vertices(v_template: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Vertex index [9] of each of `VERTEX_KEYPOINTS`.

    v_template: [V, 3] in metres, T-pose, y up, facing +z, left = +x.  weights: [V, 24] skinning.
    Known indices for SMPL's and SMPL-X's topology, geometry for any other.
    """
    if len(v_template) in KNOWN_VERTICES:
        return np.array(KNOWN_VERTICES[len(v_template)], np.int32)
    owner = np.argmax(weights, axis=1)
    head = np.flatnonzero(owner == 15)
    nose = _best(head, -v_template[head, 2] + 2 * np.abs(v_template[head, 0]))
    eye_height = v_template[nose, 1] + _EYE_ABOVE_NOSE
    found = [nose]
    front = head[v_template[head, 2] > v_template[nose, 2] - 0.06]
    for side in (1, -1):
        target = np.array([side * _HALF_PUPIL_DISTANCE, eye_height])
        found.append(_best(front, np.linalg.norm(v_template[front, :2] - target, axis=1)))
    level = head[np.abs(v_template[head, 1] - eye_height) < 0.06]
    for side in (1, -1):
        lateral = side * v_template[level, 0]
        ear = level[lateral > lateral.max() - _EAR_DEPTH]
        found.append(_best(ear, np.linalg.norm(v_template[ear, 1:] - v_template[ear, 1:].mean(0), axis=1)))
    feet = {side: np.flatnonzero(np.isin(owner, joints)) for side, joints in ((1, (7, 10)), (-1, (8, 11)))}
    for side in (1, -1):
        sole = feet[side][v_template[feet[side], 1] < v_template[feet[side], 1].min() + 0.05]
        found.append(_best(sole, v_template[sole, 2]))
    for side in (1, -1):
        # The big toe: foremost, and nearer to the midline than the second toe, which may reach as far.
        found.append(_best(feet[side], 0.3 * np.abs(v_template[feet[side], 0]) - v_template[feet[side], 2]))
    return np.array(found, np.int32)


def _best(candidates: np.ndarray, cost: np.ndarray) -> int:
    return int(candidates[np.argmin(cost)])
