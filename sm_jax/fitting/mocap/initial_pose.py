"""A first guess of a motion from joints: directions of the bones, and hinges for how they are turned about them."""

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, LEVELS, PARENTS
from sm_jax.geometry import safe
from sm_jax.geometry.rotations import compose, nearest_rotation, rotate, shortest_arc, transpose
from sm_jax.types import Array, Motion

_TRUNK = (1, 2, 12, 16, 17)
# Joint -> the joint at the end of its bone, and the end of the next bone, with which it makes a hinge.
_AIMS = {1: (4, 7), 2: (5, 8), 4: (7, 7), 5: (8, 8), 16: (18, 20), 17: (19, 21), 18: (20, 20), 19: (21, 21)}
_AIMS |= {7: (10, None), 8: (11, None), 20: (22, None), 21: (23, None)}
# The hinges' axes in the rest pose, about which knees and elbows flex. Thigh and upper arm share them.
HINGES = {name: np.array(axis) for name, axis in
          {"knee": (1.0, 0, 0), "left_elbow": (0, -1.0, 0), "right_elbow": (0, 1.0, 0)}.items()}  # fmt: skip
_AXIS: dict[int, np.ndarray] = {
    **dict.fromkeys((1, 2, 4, 5), HINGES["knee"]),
    **dict.fromkeys((16, 18), HINGES["left_elbow"]),
    **dict.fromkeys((17, 19), HINGES["right_elbow"]),
}
HINGE_JOINTS = tuple(JOINTS.index(name) for name in ("left_knee", "right_knee", "left_elbow", "right_elbow"))
_UNBENT = 0.15  # sine of the angle at which a bend says as much of a hinge's axis as the bones before it do


def initial_motion(
    body: smpl.Body, joints: Array, joint_weight: Array, R_world_joint: Array, rotation_weight: Array, betas: Array
) -> Motion:
    """A motion near measured joints [P, T, 24, 3] and rotations [P, T, 24, 3, 3], both with weights [P, T, 24].

    Known rotations stay as they are. Of the others the trunk's follow hips and shoulders, limbs their bones, turned so
    that knees and elbows are hinges; the rest follow their parents.
    """
    rest = smpl.rest_joints(body, betas)
    world = jnp.broadcast_to(_trunk(rest, joints, joint_weight)[:, :, None], R_world_joint.shape)
    for level in LEVELS:
        index = np.array(level)
        guess = world[:, :, np.maximum(np.array(PARENTS)[index], 0)]  # the pelvis has the trunk's
        if aimed := [joint for joint in level if joint in _AIMS]:
            at = np.array([level.index(joint) for joint in aimed])
            guess = guess.at[:, :, at].set(_aimed(guess[:, :, at], rest, joints, joint_weight, aimed))
        known = rotation_weight[:, :, index, None, None] > 0.0
        world = world.at[:, :, index].set(jnp.where(known, R_world_joint[:, :, index], guess))
    local = compose(transpose(world[:, :, np.array(PARENTS[1:])]), world[:, :, 1:])
    pelvis = jnp.where(joint_weight[:, :, :1] > 0, joints[:, :, 0], joints[:, :, 1:3].mean(axis=2))
    return Motion(global_orient=world[:, :, 0], body_pose=local, pelvis=pelvis, betas=betas)


def _trunk(rest: Array, joints: Array, joint_weight: Array) -> jax.Array:
    """R_world_pelvis [P, T, 3, 3] by hips, shoulders and neck."""
    weight = joint_weight[:, :, _TRUNK, None]
    total = jnp.maximum(jnp.sum(weight, axis=-2, keepdims=True), 1e-6)
    centred = lambda x: x - jnp.sum(weight * x, axis=-2, keepdims=True) / total  # noqa: E731
    measured = centred(joints[:, :, _TRUNK])
    own = centred(jnp.broadcast_to(rest[:, None, _TRUNK], measured.shape))
    return nearest_rotation(safe.einsum("ptni,ptnj->ptij", weight * measured, own))


def _aimed(R_parent: Array, rest: Array, joints: Array, joint_weight: Array, aimed: list[int]) -> jax.Array:
    """R_world_joint [P, T, J, 3, 3] of joints of one level, all with a hinge or all without, whose bones point as
    measured; their parents' where that is unknown."""
    child, after = (np.array(ends) for ends in zip(*(_AIMS[joint] for joint in aimed), strict=True))
    joint = np.array(aimed)
    bone = safe.normalise(rest[:, child] - rest[:, joint])[:, None]
    direction = safe.normalise(joints[:, :, child] - joints[:, :, joint])
    R = compose(shortest_arc(rotate(R_parent, jnp.broadcast_to(bone, direction.shape)), direction), R_parent)
    known = joint_weight[:, :, joint] * joint_weight[:, :, child]
    if aimed[0] in _AXIS:
        axis = jnp.broadcast_to(jnp.asarray(np.stack([_AXIS[j] for j in aimed]), jnp.float32), direction.shape)
        upper_of_two = after != child
        before = np.where(upper_of_two, joint, np.array(PARENTS)[joint])
        middle, last = np.where(upper_of_two, child, joint), np.where(upper_of_two, after, child)
        known = known * joint_weight[:, :, before] * joint_weight[:, :, last]
        upper = safe.normalise(joints[:, :, middle] - joints[:, :, before])
        lower = safe.normalise(joints[:, :, last] - joints[:, :, middle])
        hinge = jnp.cross(upper, lower) + _UNBENT * rotate(R, axis)
        R = compose(_frame(direction, hinge), transpose(_frame(jnp.broadcast_to(bone, direction.shape), axis)))
    return jnp.where(known[..., None, None] > 0, R, R_parent)


def _frame(x: Array, y: Array) -> jax.Array:
    """Right-handed axes [..., 3, 3], the first along unit vector x [..., 3], the second towards y."""
    y = safe.normalise(y - jnp.sum(x * y, axis=-1, keepdims=True) * x)
    return jnp.stack([x, y, jnp.cross(x, y)], axis=-1)


def out_of_plane(motion: Motion, rest: Array) -> jax.Array:
    """Sine [P, T, 4] by which shins and forearms leave the plane in which a hinge would move them.

    rest: [P, 24, 3] rest joints. In the order of HINGE_JOINTS.
    """
    index, ends = np.array(HINGE_JOINTS), np.array([7, 8, 20, 21])
    axes = np.stack([HINGES["knee"], HINGES["knee"], HINGES["left_elbow"], HINGES["right_elbow"]])
    bone = safe.normalise(rest[:, ends] - rest[:, index])[:, None]
    turned = rotate(motion.body_pose[:, :, index - 1], jnp.broadcast_to(bone, (*motion.pelvis.shape[:2], 4, 3)))
    return jnp.sum(turned * jnp.asarray(axes, jnp.float32)[None, None], axis=-1)
