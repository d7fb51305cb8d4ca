"""Names, parents and groups of the SMPL joints, the keypoints and the body regions. Plain tuples, no arrays."""

JOINTS = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand",
)  # fmt: skip
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)

# Joints of equal depth in the tree: kinematics runs level by level.
LEVELS = ((0,), (1, 2, 3), (4, 5, 6), (7, 8, 9), (10, 11, 12, 13, 14), (15, 16, 17), (18, 19), (20, 21), (22, 23))

# COCO's 17 keypoints, then heels, toes and hands (the knuckles).
KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle", "left_heel", "right_heel", "left_toe", "right_toe", "left_hand", "right_hand",
)  # fmt: skip
# The joint that carries each keypoint rigidly.
KEYPOINT_JOINTS = (15, 15, 15, 15, 15, 16, 17, 18, 19, 20, 21, 1, 2, 4, 5, 7, 8, 7, 8, 10, 11, 22, 23)

# Feet whose contact with the ground is part of the state, in the state's order.
FOOT_JOINTS = (7, 8, 10, 11)
# The joint at the far end of each joint's bone: the next one down the limb, itself at a limb's end and the root.
NEXT_JOINT = (0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 10, 11, 15, 16, 17, 15, 18, 19, 20, 21, 22, 23, 22, 23)

# Rest pelvis of the neutral SMPL body at mean shape, metres, as published in the code of many tools: their translations
# are those of the model's origin, ours of the pelvis.
SMPL_REST_PELVIS = (-0.00179506, -0.22333382, 0.02821918)

REGIONS = (
    "head", "neck", "chest", "belly", "back", "waist", "shoulder", "upper_arm", "forearm", "hand", "buttock",
    "thigh", "shin", "foot",
)  # fmt: skip
PAIRED_REGIONS = ("shoulder", "upper_arm", "forearm", "hand", "buttock", "thigh", "shin", "foot")
SIDED_REGIONS = REGIONS[:6] + tuple(f"{side}_{name}" for name in PAIRED_REGIONS for side in ("left", "right"))


def mirror_permutation(names: tuple[str, ...]) -> tuple[int, ...]:
    """Index of each name's mirror image: left and right change places, names without a side stay."""
    flip = {"left_": "right_", "right_": "left_"}

    def mirrored(name: str) -> str:
        return next((flip[side] + name[len(side) :] for side in flip if name.startswith(side)), name)

    return tuple(names.index(mirrored(name)) for name in names)
