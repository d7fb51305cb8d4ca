"""Which vertices are the nose, eyes, ears, heels and toes of a body."""

import numpy as np

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
