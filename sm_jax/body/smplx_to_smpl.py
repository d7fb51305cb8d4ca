"""The body inside SMPL-H (52 joints) and SMPL-X (55 joints), in SMPL's 24-joint layout.

Fingers rest at identity rotations, the flat hand of the template (`flat_hand_mean=True` in other libraries), and the
face is neutral: jaw and eyes do not move, expressions are not used. Under these rotations the reduction is exact, not
an approximation: a joint that never turns moves rigidly with its parent, so that its weights may be added to it.

The 22 body joints are the file's own. Joints 22 and 23, `left_hand` and `right_hand`, do not exist in these models:
they are put at the mean of the first joints of the four fingers (the knuckles, where SMPL has its hand joints) and take
the weights of all fingers with the thumb. Held at identity, as in data of these models, they change nothing; turned,
they bend the fingers together, without pose blend shapes. References: Romero et al., "Embodied Hands", 2017; Pavlakos
et al., "Expressive Body Capture", CVPR 2019.
"""

import numpy as np

from sm_jax.body import skeleton

FAMILIES = {24: "SMPL", 52: "SMPL-H", 55: "SMPL-X"}  # by number of joints

_BODY = 22
_HEAD, _WRISTS = 15, (20, 21)
_FINGERS = 15  # joints of one hand: index, middle, pinky, ring, thumb, three each
_KNUCKLES = np.array([0, 3, 6, 9])
# Components of shape in SMPL-X's `shapedirs`, whose rest are expressions, by the number of both.
_SMPLX_SHAPES = {10: 10, 16: 16, 20: 10, 300: 300, 400: 300}


def parents(joints: int) -> tuple[int, ...]:
    """Parent of every joint of the family with so many joints."""
    if joints == len(skeleton.PARENTS):
        return skeleton.PARENTS
    tree = skeleton.PARENTS[:_BODY] + (_HEAD,) * _face(joints)
    for wrist in _WRISTS:
        for _ in range(_FINGERS // 3):
            tree += (wrist, len(tree), len(tree) + 1)
    return tree


def shape_components(joints: int, components: int) -> int | None:
    """How many of a file's `shapedirs` are body shape, always the first ones; None where that cannot be known."""
    return components if FAMILIES[joints] != "SMPL-X" else _SMPLX_SHAPES.get(components)


def in_smpl_layout(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of a family's file with 24 joints. Shapes as in SMPL's own files, whose arrays come back as they are.

    weights [V, J], J_regressor [J, V] and posedirs [V, 3, 9 (J - 1)] change; of shapedirs the body's part is kept.
    """
    joints = arrays["weights"].shape[1]
    if joints == len(skeleton.PARENTS):
        return arrays
    first = _BODY + _face(joints)
    hands = [slice(first + side * _FINGERS, first + (side + 1) * _FINGERS) for side in (0, 1)]
    weights, regressor = arrays["weights"], arrays["J_regressor"]
    body = weights[:, :_BODY].copy()
    body[:, _HEAD] += weights[:, _BODY:first].sum(axis=1)
    reduced = {
        "weights": np.column_stack([body, *(weights[:, hand].sum(axis=1) for hand in hands)]),
        "J_regressor": np.vstack([regressor[:_BODY], *(regressor[hand][_KNUCKLES].mean(axis=0) for hand in hands)]),
        "shapedirs": arrays["shapedirs"][..., : shape_components(joints, arrays["shapedirs"].shape[2])],
    }
    if "posedirs" in arrays:
        posedirs = arrays["posedirs"][..., : 9 * (_BODY - 1)]
        reduced["posedirs"] = np.pad(posedirs, ((0, 0), (0, 0), (0, 9 * len(hands))))
    return arrays | reduced


def _face(joints: int) -> int:
    """Jaw and eyes."""
    return joints - _BODY - len(_WRISTS) * _FINGERS
