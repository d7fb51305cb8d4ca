"""From what a body does (tracks of hips, feet, trunk, gaze and hands) to joint rotations, in closed form.

Axes called *local* are those of the rest pose: x left, y up, z forward.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS
from sm_jax.geometry import safe
from sm_jax.geometry.rotations import axis_angle_to_matrix, compose, matrix_to_axis_angle, rotate, slerp, transpose
from sm_jax.types import Array, Motion

# Inverse kinematics of a limb of two bones in closed form, and rotations of a hand or foot from two directions.


_STRAIGHT = 0.998  # of a limb's length: no limb is quite straight


def two_bones(start: Array, end: Array, pole: Array, bones: Array, flexion: Array) -> tuple[jax.Array, jax.Array]:
    """Rotations in the world of the upper and the lower bone of a limb from `start` to `end` [..., 3].

    pole: [..., 3] the direction to which the middle joint points.  bones: [..., 2, 3] both bones at rest.
    flexion: [..., 3] direction at rest into which the lower bone bends.  An end out of reach is aimed at.
    """
    upper, lower = safe.norm(bones[..., 0, :], keepdims=True), safe.norm(bones[..., 1, :], keepdims=True)
    offset = end - start
    length = safe.norm(offset, keepdims=True)
    reach = jnp.clip(length, 1.05 * jnp.abs(upper - lower) + 0.02, _STRAIGHT * (upper + lower))
    along = safe.normalise(offset)
    aside = safe.normalise(pole - safe.dot(pole, along) * along)
    cosine = jnp.clip((upper**2 + reach**2 - lower**2) / (2.0 * upper * reach), -1.0, 1.0)
    middle = upper * (cosine * along + safe.sqrt(1.0 - cosine**2) * aside)
    hinge = jnp.cross(along, aside)
    return (
        _turn(bones[..., 0, :], flexion, safe.normalise(middle), hinge),
        _turn(bones[..., 1, :], flexion, safe.normalise(reach * along - middle), hinge),
    )


def _turn(bone: Array, flexion: Array, direction: Array, hinge: Array) -> jax.Array:
    """The rotation that takes a bone at rest to a direction and its hinge to `hinge`."""
    at_rest = frame(bone, flexion)
    return compose(frame(direction, jnp.cross(direction, hinge)), transpose(at_rest))


def frame(first: Array, second: Array) -> jax.Array:
    """Rotation [..., 3, 3] whose first column points along `first` and whose second lies towards `second`."""
    x = safe.normalise(first)
    y = safe.normalise(second - safe.dot(second, x) * x)
    return jnp.stack([x, y, jnp.cross(x, y)], axis=-1)


def share_twist(R_lower: Array, R_end: Array, bone: Array, share: float, limit: float) -> tuple[jax.Array, jax.Array]:
    """Let the lower bone (at rest along `bone`) take a share of the twist between it and the hand.

    Returns the lower bone's rotation and the hand's, which is bent against it by no more than `limit` radians.
    """
    axis = safe.normalise(bone)
    turn = matrix_to_axis_angle(compose(transpose(R_lower), R_end))
    twist = safe.dot(turn, axis) * axis
    R_lower = compose(R_lower, axis_angle_to_matrix(share * twist))
    rest = matrix_to_axis_angle(compose(transpose(R_lower), R_end))
    angle = safe.norm(rest, keepdims=True)
    soft = limit * jnp.tanh(angle / limit)
    return R_lower, compose(R_lower, axis_angle_to_matrix(rest * safe.divide(soft, jnp.maximum(angle, 1e-6))))


def towards(R: Array, direction: Array, most: Array) -> jax.Array:
    """Axis-angle [..., 3], in the frame R, that turns its z axis towards a world direction, at most `most` radians."""
    local = safe.normalise(rotate(transpose(R), direction))
    yaw = jnp.arctan2(local[..., 0], jnp.maximum(local[..., 2], 1e-3))
    pitch = -jnp.arcsin(jnp.clip(local[..., 1], -0.999, 0.999))
    yaw, pitch = most * jnp.tanh(yaw / most), 0.7 * most * jnp.tanh(pitch / (0.7 * most))
    return jnp.stack([pitch, yaw, jnp.zeros_like(yaw)], axis=-1)


# Frames that a hand may follow: own joints, the partner's joints, the pair's, and one upright at either own shoulder.
PARTNER, PAIR, SHOULDERS = 24, 48, (49, 50)

_SPINE = (3, 6, 9)
_SHARES = (0.3, 0.2, 0.25, 0.25)  # of the trunk's bend: pelvis, then the spine
_LEGS, _ARMS = np.array([[1, 4, 7, 10], [2, 5, 8, 11]]), np.array([[16, 18, 20, 22], [17, 19, 21, 23]])
_HEAD, _NECK, _CHEST = JOINTS.index("head"), JOINTS.index("neck"), JOINTS.index("spine3")
_SWEEPS = 4  # arms reach for partners whose arms reach for them
_WRIST = 1.2  # radians
_NODS = 1.1  # radians that neck and head turn together, about
_STRETCH = 0.99  # of a leg's length, standing
_ROUND = 4  # frames before and after over which the height of the pelvis is rounded
_SOFT = 0.004  # metres over which the pelvis changes between what limits its height


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class FigureTracks:
    """What two people do. Leading axes [P, T].

    way: [2] metres of the hips over the floor.  heading: [] radians.  height: [] of the hips, 1 standing upright.
    trunk: [3] local axis-angle of the whole trunk's bend.  hips: [3] the same of the pelvis alone.
    foot_place: [side, 2] metres under each ankle.  foot_yaw, foot_pitch, foot_lift: [side] as in `steps.Feet`.
    knee: [side, 3] where knees point, in the local axes of the heading.  gaze: [3] world point.  look: [] in [0, 1].
    Of each hand's K slots, each laid over the ones before it by its weight:
    hand_frame: [P, side, K] int (no T), what is followed.  hand_point: [side, K, 3] where the palm goes in that frame.
    hand_fingers, hand_palm: [side, K, 3] where fingers and palm point in it.  hand_aim: [side, K] in [0, 1], whether
    they matter.  hand_weight: [side, K] in [0, 1].  elbow: [side, 3] where elbows point, in the chest's local axes.
    """

    way: Array
    heading: Array
    height: Array
    trunk: Array
    hips: Array
    foot_place: Array
    foot_yaw: Array
    foot_pitch: Array
    foot_lift: Array
    knee: Array
    gaze: Array
    look: Array
    hand_frame: Array
    hand_point: Array
    hand_fingers: Array
    hand_palm: Array
    hand_aim: Array
    hand_weight: Array
    elbow: Array


def heading_frame(heading: Array) -> jax.Array:
    """World from local [..., 3, 3] of someone upright who faces a heading [...]."""
    c, s, o = jnp.cos(heading), jnp.sin(heading), jnp.zeros_like(heading)
    return jnp.stack([-s, o, c, c, o, s, o, jnp.ones_like(o), o], axis=-1).reshape(*heading.shape, 3, 3)


@jax.jit
def perform(body: smpl.Body, betas: Array, tracks: FigureTracks) -> Motion:
    """The motion [P, T] of bodies betas [P, N] that do what the tracks say, standing on z = 0."""
    rest = smpl.rest_joints(body, betas)
    R_heading = heading_frame(tracks.heading)
    R_pelvis = compose(R_heading, axis_angle_to_matrix(tracks.hips + _SHARES[0] * tracks.trunk))
    ankles, R_feet = _ankles(body, betas, rest, tracks)
    pelvis = _pelvis(rest, tracks, R_pelvis, ankles, smpl.foot_clearance(body, betas)[:, :2].mean(axis=-1))
    local = jnp.broadcast_to(jnp.eye(3), (*tracks.heading.shape, 24, 3, 3)).at[:, :, 0].set(R_pelvis)
    for joint, share in zip(_SPINE, _SHARES[1:], strict=True):
        local = local.at[:, :, joint].set(axis_angle_to_matrix(share * tracks.trunk))
    local = _legs(local, rest, tracks, R_heading, R_pelvis, pelvis, ankles, R_feet)
    local = _head(local, rest, tracks, pelvis)
    local = jax.lax.fori_loop(0, _SWEEPS, lambda _, local: _arms(local, rest, tracks, pelvis), local)
    return Motion(global_orient=local[:, :, 0], body_pose=local[:, :, 1:], pelvis=pelvis, betas=betas)


def _ankles(body: smpl.Body, betas: Array, rest: jax.Array, tracks: FigureTracks) -> tuple[jax.Array, jax.Array]:
    """Ankles [P, T, side, 3] in the world and the feet's rotations [P, T, side, 3, 3]."""
    clearance = smpl.foot_clearance(body, betas)
    R_flat = heading_frame(tracks.foot_yaw)
    tilt = axis_angle_to_matrix(tracks.foot_pitch[..., None] * jnp.array([1.0, 0.0, 0.0])[None, None, None])
    flat = jnp.concatenate([tracks.foot_place, tracks.foot_lift[..., None] + clearance[:, None, :2, None]], axis=-1)
    toes = (rest[:, _LEGS[:, 2]] - rest[:, _LEGS[:, 3]]) + clearance[:, 2:, None] * jnp.array([0.0, 1.0, 0.0])[
        None, None
    ]
    heel = clearance[:, :2, None] * jnp.array([0.0, 1.0, 0.6])[None, None]
    arm = jnp.where((tracks.foot_pitch > 0.0)[..., None], toes[:, None], heel[:, None])
    return flat + rotate(R_flat, rotate(tilt, arm) - arm), compose(R_flat, tilt)


def _pelvis(
    rest: jax.Array, tracks: FigureTracks, R_pelvis: jax.Array, ankles: jax.Array, clearance: jax.Array
) -> jax.Array:
    """Pelvis [P, T, 3]: as high as it is said to be and as the legs allow, smoothly."""
    bones = jnp.stack([rest[:, _LEGS[:, 1]] - rest[:, _LEGS[:, 0]], rest[:, _LEGS[:, 2]] - rest[:, _LEGS[:, 1]]])
    leg = safe.norm(bones).sum(axis=0)  # [P, side]
    hips = rotate(R_pelvis[:, :, None], (rest[:, _LEGS[:, 0]] - rest[:, :1])[:, None])  # [P, T, side, 3]
    across = safe.norm(ankles[..., :2] - tracks.way[:, :, None] - hips[..., :2])
    most = ankles[..., 2] - hips[..., 2] + safe.sqrt(jnp.maximum((_STRETCH * leg[:, None]) ** 2 - across**2, 0.01))
    wanted = tracks.height * (leg.mean(axis=-1) * _STRETCH + clearance)[:, None]
    height = -_SOFT * jax.nn.logsumexp(-jnp.stack([most[..., 0], most[..., 1], wanted]) / _SOFT, axis=0)
    return jnp.concatenate([tracks.way, _smoothed(height)[..., None]], axis=-1)


def _smoothed(x: jax.Array) -> jax.Array:
    """[P, T] with peaks cut and then rounded: smooth over time, and nowhere higher than it was."""
    kernel = np.exp(-2.0 * np.linspace(-1.0, 1.0, 2 * _ROUND + 1) ** 2)
    weights = jnp.asarray(kernel / kernel.sum(), jnp.float32)
    return safe.einsum("kpt,k->pt", _shifts(jnp.min(_shifts(x), axis=0)), weights)


def _shifts(x: jax.Array) -> jax.Array:
    """[2 * _ROUND + 1, P, T]: x [P, T] of the frames around each frame."""
    padded = jnp.pad(x, ((0, 0), (_ROUND, _ROUND)), mode="edge")
    return jnp.stack([padded[:, i : i + x.shape[1]] for i in range(2 * _ROUND + 1)])


def _legs(
    local: jax.Array,
    rest: jax.Array,
    tracks: FigureTracks,
    R_heading: jax.Array,
    R_pelvis: jax.Array,
    pelvis: jax.Array,
    ankles: jax.Array,
    R_feet: jax.Array,
) -> jax.Array:
    hips = pelvis[:, :, None] + rotate(R_pelvis[:, :, None], (rest[:, _LEGS[:, 0]] - rest[:, :1])[:, None])
    bones = jnp.stack(
        [rest[:, _LEGS[:, 1]] - rest[:, _LEGS[:, 0]], rest[:, _LEGS[:, 2]] - rest[:, _LEGS[:, 1]]], axis=2
    )
    pole = rotate(R_heading[:, :, None], tracks.knee)
    flexion = jnp.array([0.0, 0.0, -1.0])[None, None, None]
    R_thigh, R_shin = two_bones(hips, ankles, pole, bones[:, None], flexion)
    flat = jnp.maximum(tracks.foot_pitch, 0.0)[..., None] * jnp.array([-1.0, 0.0, 0.0])[None, None, None]
    parts = (
        compose(transpose(R_pelvis)[:, :, None], R_thigh),
        compose(transpose(R_thigh), R_shin),
        compose(transpose(R_shin), R_feet),
        axis_angle_to_matrix(0.7 * flat),
    )
    for link, part in enumerate(parts):
        local = local.at[:, :, _LEGS[:, link]].set(part)
    return local


def _head(local: jax.Array, rest: jax.Array, tracks: FigureTracks, pelvis: jax.Array) -> jax.Array:
    """Neck and head turn to the gaze's point by halves, as far as they look at all."""
    R, joints = smpl.forward_kinematics(local, rest[:, None], pelvis)
    turn = towards(R[:, :, _CHEST], tracks.gaze - joints[:, :, _HEAD], jnp.float32(_NODS)) * tracks.look[..., None]
    half = axis_angle_to_matrix(0.5 * turn)
    return local.at[:, :, _NECK].set(half).at[:, :, _HEAD].set(half)


def _arms(local: jax.Array, rest: jax.Array, tracks: FigureTracks, pelvis: jax.Array) -> jax.Array:
    """One sweep: each hand goes where its slots say, given where both people's joints were before."""
    R, joints = smpl.forward_kinematics(local, rest[:, None], pelvis)
    bones = jnp.stack([rest[:, _ARMS[:, i + 1]] - rest[:, _ARMS[:, i]] for i in range(3)], axis=2)
    size = safe.norm(bones[:, :, 2], keepdims=True)
    palm = 0.85 * bones[:, :, 2] + size * jnp.array([0.0, -0.27, 0.12])[None, None]
    point, R_hand = _wanted(R, joints, tracks, bones[:, :, 2])
    shoulder, R_chest = joints[:, :, _ARMS[:, 0]], R[:, :, None, _CHEST]
    flexion, pole = jnp.array([0.0, 0.0, 1.0])[None, None, None], rotate(R_chest, tracks.elbow)
    wrist = point - rotate(R_hand, palm[:, None])
    R_upper, R_lower = two_bones(shoulder, wrist, pole, bones[:, None, :, :2], flexion)
    R_lower, R_hand = share_twist(R_lower, R_hand, bones[:, None, :, 1], 0.6, _WRIST)
    R_collar = R[:, :, np.array([13, 14])]
    parts = (
        compose(transpose(R_collar), R_upper),
        compose(transpose(R_upper), R_lower),
        compose(transpose(R_lower), R_hand),
    )
    for link, part in enumerate(parts):
        local = local.at[:, :, _ARMS[:, link]].set(part)
    return local


def _wanted(R: jax.Array, joints: jax.Array, tracks: FigureTracks, hand: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Where palms are wanted [P, T, side, 3] and how hands are to be turned [P, T, side, 3, 3]."""
    R_pair, middle = pair_frame(joints[:, :, 0])
    R_own = jnp.broadcast_to(heading_frame(tracks.heading)[:, :, None], (*tracks.heading.shape, 2, 3, 3))
    R_all = jnp.concatenate([R, R[::-1], R_pair[:, :, None], R_own], axis=2)
    x_all = jnp.concatenate([joints, joints[::-1], middle[:, :, None], joints[:, :, _ARMS[:, 0]]], axis=2)
    shape = tracks.hand_frame.shape
    pick = jax.vmap(lambda x, index: x[:, index.reshape(-1)].reshape(x.shape[0], *shape[1:], *x.shape[2:]))
    R_slot, x_slot = pick(R_all, tracks.hand_frame), pick(x_all, tracks.hand_frame)
    points = x_slot + rotate(R_slot, tracks.hand_point)
    fingers, palms = rotate(R_slot, tracks.hand_fingers), rotate(R_slot, tracks.hand_palm)
    forearm = rotate(R[:, :, _ARMS[:, 1]], jnp.broadcast_to(hand[:, None], (*points.shape[:3], 3)))
    # Fingers that are free to, go on where the forearm goes.
    fingers = jnp.where((safe.norm(tracks.hand_fingers) > 0.0)[..., None], fingers, forearm[..., None, :])
    at_rest = frame(
        jnp.broadcast_to(jnp.array([0.0, -1.0, 0.0]), hand.shape), hand
    )  # [P, side] palm down, fingers outwards
    R_aim = compose(frame(palms, fingers), transpose(at_rest)[:, None, :, None])
    R_forearm = R[:, :, _ARMS[:, 1]]

    def take_up(wanted, slot):
        """What is wanted, given what the slots before said."""
        (point, R_hand), (slot_point, R_slot_aim, weight, aim) = wanted, slot
        point = point + weight[..., None] * (slot_point - point)
        return (point, slerp(slerp(R_hand, R_forearm, weight), R_slot_aim, weight * aim)), None

    slots = (jnp.moveaxis(x, 3, 0) for x in (points, R_aim, tracks.hand_weight, tracks.hand_aim))
    return jax.lax.scan(take_up, (points[..., 0, :], R_forearm), tuple(slots))[0]


def pair_frame(pelvis: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Frame of each person on the floor midway to the other, facing them: R [P, T, 3, 3] and origin [P, T, 3]."""
    across = pelvis[::-1] - pelvis
    middle = 0.5 * (pelvis + pelvis[::-1])
    return heading_frame(jnp.arctan2(across[..., 1], across[..., 0])), middle * jnp.array([1.0, 1.0, 0.0])[None, None]
