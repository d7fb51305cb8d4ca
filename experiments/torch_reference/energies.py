"""The energies that guide, in PyTorch, written the usual way: one function of tensors, every gradient by autograd.

Each is as its namesake in `sm_jax.energies`, whose constants it reads.
"""

from typing import Any

import torch

from experiments.torch_reference.body import (
    Constants,
    carried_points,
    keypoints,
    kinematics,
    surface_points,
    unpack,
)
from sm_jax.body.skeleton import FOOT_JOINTS
from sm_jax.energies import contact, ground, limits, penetration, prior, reprojection, skating, smoothness, spatial
from sm_jax.energies.combine import SURFACE_EVERY
from sm_jax.geometry.camera import NEAR

_TRUNK = spatial.TRUNK.tolist()
_HINGE = limits.HINGE.tolist()
_LARGEST, _BONE, _FLEXION = (
    torch.tensor(x, dtype=torch.float32) for x in (limits.LARGEST_ANGLE, limits.BONE, limits.FLEXION)
)
_OF_A_PERSON = ("capsule_start", "capsule_end", "radius", "low", "density", "table")


Pose = tuple[Any, Any]
"""Local rotations [B, P, T, 24, 3, 3] and pelvises [B, P, T, 3]."""


def energies(x: Any, g: Constants, prediction: Pose | None = None) -> dict[str, Any]:
    """The terms [B] by name of clip states [B, P, T, D], as `sm_jax.energies.combine.energy` reports them.

    prediction: what hidden joints stay near to, if to anything."""
    local, pelvis, planted = unpack(x)
    planted, mask = planted.detach().clamp(0, 1), g["frame_mask"]
    R, joints = kinematics(local, g["rest_joints"], pelvis)
    feet, skinned = joints[..., list(FOOT_JOINTS), :], (R[:, :, ::SURFACE_EVERY], joints[:, :, ::SURFACE_EVERY])
    points = surface_points(*skinned, g)
    return {
        "reprojection": mean(_picture_costs(keypoints(R, joints, g), g), g["confidence"]),
        "contact": _contact(points, g),
        "penetration": _penetration(points, *skinned, g),
        "spatial": _distance_map(joints, g) + _depth_order(joints, g),
        "ground": _ground(feet, planted, g),
        "skating": _skating(feet, planted, g),
        "smoothness": _smoothness(joints, g),
        "limits": _limits(local[..., 1:, :, :], mask),
        "prior": _prior((local, pelvis), prediction, g),
    }


def picture_errors(x: Any, g: Constants) -> Any:
    """The reprojection energy [B, P] of each person of clip states [B, P, T, D]."""
    local, pelvis, _ = unpack(x)
    costs = _picture_costs(keypoints(*kinematics(local, g["rest_joints"], pelvis), g), g)
    return torch.stack([mean(costs[:, i], g["confidence"][:, i]) for i in (0, 1)], 1)


def _picture_costs(points: Any, g: Constants) -> Any:
    """Of keypoints [B, P, T, K, 3]: [B, P, T, K]."""
    seen = (g["camera_R"][:, None, :, None] @ points[..., None])[..., 0] + g["camera_t"][:, None, :, None]
    flat = torch.cat([seen[..., :2] / seen[..., 2:].clamp(min=NEAR), torch.ones_like(seen[..., :1])], -1)
    pixels = (g["K"][:, None, None, None, :2] @ flat[..., None])[..., 0]
    residual = (pixels - g["pixels"]) / g["person_size"][:, :, None, None, None]
    return geman_mcclure(residual.square().sum(-1), reprojection.WIDTH)


def _contact(points: Any, g: Constants) -> Any:
    """points: [B, P, T, S, 3] in every SURFACE_EVERY-th frame. All distances between two sets of points at once, their
    soft minimum by logsumexp."""
    a, b = (_select_points(points[:, person], g[name]) for person, name in enumerate(("touch_a", "touch_b")))
    gaps = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
    near = torch.where(g["touch_pair"][:, None], -gaps / contact.SOFTNESS, -torch.inf)
    exists = g["touch_pair"].flatten(2).any(-1)[:, None]  # [B, 1, C]; a row without pairs has no minimum
    near = torch.where(exists[..., None, None], near, 0.0)
    distance = -contact.SOFTNESS * torch.logsumexp(near.flatten(3), -1)
    pull = pseudo_huber((distance - contact.TOLERANCE).clamp(min=0).square(), contact.WIDTH)
    weight = g["touch_weight"].transpose(1, 2) * exists * g["frame_mask"][..., None]
    return mean(pull, weight[:, ::SURFACE_EVERY])


def _select_points(points: Any, index: Any) -> Any:
    """Points [B, T, C, M, 3] of [B, T, S, 3] that an index [B, C, M] names."""
    found = torch.take_along_dim(points, index.flatten(1)[:, None, :, None], 2)
    return found.unflatten(2, index.shape[1:])


def _penetration(points: Any, R: Any, joints: Any, g: Constants) -> Any:
    """points: [B, P, T, S, 3] in every SURFACE_EVERY-th frame, on bodies of these rotations and joints."""
    excess = (depths(points, R, joints, g) - penetration.SLACK).clamp(min=0) / penetration.UNIT
    return mean(excess.square(), g["frame_mask"][:, None, ::SURFACE_EVERY, None])


def depths(points: Any, R: Any, joints: Any, g: Constants) -> Any:
    """Depth [B, P, T, S] of each person's points under the other's skin. As `sm_jax.energies.penetration.depths`."""
    R, joints = R.flip(1), joints.flip(1)
    carried, other = g["capsule_joint"], {name: g[name].flip(1) for name in ("rest_joints", *_OF_A_PERSON)}
    part = nearest_part(points, R, joints, other, carried)
    turn = R[..., carried, :, :].transpose(-1, -2)
    shift = other["rest_joints"][:, :, None, carried] - (turn @ joints[..., carried, :, None])[..., 0]
    turn = torch.take_along_dim(turn, part[..., None, None], -3)
    rest = (turn @ points[..., None])[..., 0] + torch.take_along_dim(shift, part[..., None], -2)
    low, density = (torch.take_along_dim(other[x][:, :, None], part[..., None], -2) for x in ("low", "density"))
    at = (rest - low) * density
    n = other["table"].shape[-1]
    place = at.clamp(0, n - 1)
    beyond = torch.linalg.vector_norm((at - place) / density, dim=-1)
    return -(interpolate(other["table"], part, place) + beyond)


@torch.no_grad()
def nearest_part(points: Any, R: Any, joints: Any, g: Constants, carried: Any) -> Any:
    """Index [B, P, T, S] of the capsule nearest to each point [B, P, T, S, 3]."""
    start, end = (
        carried_points(R, joints, g["rest_joints"], g[x], carried)[..., None, :, :]
        for x in ("capsule_start", "capsule_end")
    )
    axis, along = end - start, points[..., None, :] - start
    where = ((along * axis).sum(-1) / axis.square().sum(-1)).clamp(0, 1)
    gap = torch.linalg.vector_norm(along - where[..., None] * axis, dim=-1)
    return (gap - g["radius"][:, :, None, None]).argmin(-1)


def interpolate(table: Any, part: Any, place: Any) -> Any:
    """Trilinear interpolation [B, P, T, S] in tables [B, P, C, n, n, n] at `place` [B, P, T, S, 3], in nodes."""
    n = table.shape[-1]
    corner = place.detach().floor().clamp(max=n - 2)
    i, j, k = corner.long().unbind(-1)
    index = ((part * n + i) * n + j) * n + k
    offsets = torch.tensor([0, 1, n, n + 1, n * n, n * n + 1, n * n + n, n * n + n + 1], device=place.device)
    index = (index[..., None] + offsets).flatten(2)
    values = torch.take_along_dim(table.flatten(2), index, -1).view(*part.shape, 2, 2, 2)
    u, v, w = (place - corner).unbind(-1)
    values = torch.lerp(values[..., 0], values[..., 1], w[..., None, None])
    values = torch.lerp(values[..., 0], values[..., 1], v[..., None])
    return torch.lerp(values[..., 0], values[..., 1], u)


def _distance_map(joints: Any, g: Constants) -> Any:
    change = torch.cdist(joints[:, 0], joints[:, 1]) - g["distances"]
    return mean(pseudo_huber(change.square(), spatial.WIDTH), g["pair_weight"])


def _depth_order(joints: Any, g: Constants) -> Any:
    now = ((joints[:, 0, :, _TRUNK] - joints[:, 1, :, _TRUNK]) * g["camera_R"][:, :, None, 2]).sum(-1)
    wrong = (-now * g["depth_sign"]).clamp(min=0)
    return mean(pseudo_huber(wrong.square(), spatial.WIDTH), g["depth_weight"])


def _ground(feet: Any, planted: Any, g: Constants) -> Any:
    """feet: [B, P, T, 4, 3], of which `planted` [B, P, T, 4] are in contact."""
    mask, carrying = g["frame_mask"][:, None, :, None], (2 * planted - 1).clamp(min=0)
    sole = feet[..., 2] - g["clearance"][:, :, None]
    height = sole - _support_heights(sole, carrying, mask)[:, :, None, None]
    off = carrying * geman_mcclure(height.square(), ground.WIDTH)
    return mean(off + geman_mcclure(height.clamp(max=0).square(), ground.WIDTH), mask)


@torch.no_grad()
def _support_heights(sole: Any, carrying: Any, mask: Any) -> Any:
    """Heights [B, P], by a weighted median outside of autograd."""
    weight = (carrying * mask).flatten(2)
    ranked, order = sole.flatten(2).sort(-1)
    reached = torch.take_along_dim(weight, order, -1).cumsum(-1)
    middle = (reached >= 0.5 * reached[..., -1:]).float().argmax(-1, keepdim=True)
    own, total = torch.take_along_dim(ranked, middle, -1)[..., 0], weight.sum(-1)
    lowest = torch.where(mask > 0, sole, torch.inf).flatten(1).amin(-1)
    known = total.sum(-1)
    common = torch.where(known > 0, (total * own).sum(-1) / known.clamp(min=1e-12), lowest)[:, None]
    return common + torch.where(total > 0, geman_mcclure((own - common).square(), ground.SHARED), 0.0) * (own - common)


def _skating(feet: Any, planted: Any, g: Constants) -> Any:
    mask, speed = g["frame_mask"], feet[..., :2].diff(dim=2) * g["fps"][:, None, None, None, None]
    both = planted[:, :, 1:] * planted[:, :, :-1] * (mask[:, 1:] * mask[:, :-1])[:, None, :, None]
    return mean(pseudo_huber(speed.square().sum(-1), skating.WIDTH), both)


def _smoothness(joints: Any, g: Constants) -> Any:
    mask, acceleration = g["frame_mask"], joints.diff(n=2, dim=2) * g["fps"][:, None, None, None, None].square()
    weight = (mask[:, 2:] * mask[:, 1:-1] * mask[:, :-2])[:, None, :, None]
    return mean(pseudo_huber(acceleration.square().sum(-1), smoothness.WIDTH), weight)


def _limits(pose: Any, mask: Any) -> Any:
    """pose: parent-relative rotations [B, P, T, 23, 3, 3]."""
    turn = pose - pose.transpose(-1, -2)
    sine = 0.5 * torch.linalg.vector_norm(torch.stack([turn[..., 2, 1], turn[..., 0, 2], turn[..., 1, 0]], -1), dim=-1)
    cosine = 0.5 * (pose.diagonal(dim1=-2, dim2=-1).sum(-1) - 1)
    too_far = (torch.atan2(sine, cosine) - _LARGEST.to(pose)).clamp(min=0)
    bone, rest, forward = pose[..., _HINGE, :, :], _BONE.to(pose), _FLEXION.to(pose)
    bone = (bone @ rest[..., None])[..., 0]
    along, across = (bone * rest).sum(-1), (bone * forward).sum(-1)
    backwards = (-torch.atan2(across, along) - limits.HYPEREXTENSION).clamp(min=0)
    cost = too_far.square().sum(-1) + ((along.square() + across.square()) * backwards.square()).sum(-1)
    return mean(cost, mask[:, None])


def _prior(pose: Pose, prediction: Pose | None, g: Constants) -> Any:
    """Seen joints stay near the estimate, hidden ones near the prediction."""
    mask, estimate = g["frame_mask"][:, None, :, None], (g["estimate_rotations"], g["estimate_pelvis"])
    found = _distance(pose, estimate, g["visibility"] * mask)
    return found if prediction is None else found + _distance(pose, prediction, (1 - g["visibility"]) * mask)


def _distance(pose: Pose, other: Pose, weight: Any) -> Any:
    """weight: [B, P, T, 24]."""
    turned = geman_mcclure(0.5 * (pose[0] - other[0]).square().sum((-1, -2)), prior.WIDTH)
    return mean(turned[..., 1:], weight[..., 1:]) + mean(turned[..., 0], weight[..., 0])


def mean(values: Any, weights: Any) -> Any:
    """Mean [B] of values [B, ...] under weights that broadcast to them; its divisor is at least one."""
    weights = weights.expand_as(values)
    return (weights * values).flatten(1).sum(1) / weights.flatten(1).sum(1).clamp(min=1)


def geman_mcclure(squared: Any, width: float) -> Any:
    """Of a squared residual, in [0, 1)."""
    return squared / (squared + width**2)


def pseudo_huber(squared: Any, width: float) -> Any:
    """Of a squared residual, linear far away."""
    x = squared / width**2
    return 2 * x / (torch.sqrt(1 + x) + 1)
