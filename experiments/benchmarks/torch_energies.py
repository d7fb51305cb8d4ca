"""The energies that guide, in PyTorch, written the usual way: one function of tensors, every gradient by autograd."""

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from experiments.benchmarks import torch_ground, torch_limits, torch_touch
from experiments.benchmarks.torch_body import Given, keypoints, kinematics, surface_points, unpack
from experiments.benchmarks.torch_field import depths
from experiments.benchmarks.torch_kernels import geman_mcclure, mean, pseudo_huber
from sm_jax.body.skeleton import FOOT_JOINTS
from sm_jax.energies import penetration, prior, reprojection, skating, smoothness, spatial
from sm_jax.energies.combine import SURFACE_EVERY
from sm_jax.geometry.camera import NEAR


def energies(x: Any, g: Given) -> dict[str, Any]:
    """The terms [B] by name of clip states [B, P, T, D], as `sm_jax.energies.combine.energy` reports them."""
    local, pelvis, planted = unpack(x)
    planted, mask = planted.detach().clamp(0, 1), g["frame_mask"]
    R, joints = kinematics(local, g["rest_joints"], pelvis)
    feet, skinned = joints[..., list(FOOT_JOINTS), :], (R[:, :, ::SURFACE_EVERY], joints[:, :, ::SURFACE_EVERY])
    points = surface_points(*skinned, g)
    return {
        "reprojection": _reprojection(keypoints(R, joints, g), g),
        "contact": torch_touch.contact(points, g),
        "penetration": _penetration(depths(points, *skinned, g), mask[:, ::SURFACE_EVERY]),
        "spatial": _distance_map(joints, g) + _depth_order(joints, g),
        "ground": torch_ground.ground(feet, planted, g),
        "skating": _skating(feet, planted, g),
        "smoothness": _smoothness(joints, g),
        "limits": torch_limits.limits(local[..., 1:, :, :], mask),
        "prior": _prior(local[..., 1:, :, :], g),
    }


def _reprojection(points: Any, g: Given) -> Any:
    """points: [B, P, T, K, 3]."""
    seen = (g["camera_R"][:, None, :, None] @ points[..., None])[..., 0] + g["camera_t"][:, None, :, None]
    flat = torch.cat([seen[..., :2] / seen[..., 2:].clamp(min=NEAR), torch.ones_like(seen[..., :1])], -1)
    pixels = (g["K"][:, None, None, None, :2] @ flat[..., None])[..., 0]
    residual = (pixels - g["pixels"]) / g["person_size"][:, :, None, None, None]
    return mean(geman_mcclure(residual.square().sum(-1), reprojection.WIDTH), g["confidence"])


def _penetration(depth: Any, mask: Any) -> Any:
    excess = (depth - penetration.SLACK).clamp(min=0) / penetration.UNIT
    return mean(excess.square(), mask[:, None, :, None])


def _distance_map(joints: Any, g: Given) -> Any:
    change = torch.cdist(joints[:, 0], joints[:, 1]) - g["distances"]
    return mean(pseudo_huber(change.square(), spatial.WIDTH), g["pair_weight"])


def _depth_order(joints: Any, g: Given) -> Any:
    trunk = spatial._TRUNK.tolist()
    now = ((joints[:, 0, :, trunk] - joints[:, 1, :, trunk]) * g["camera_R"][:, :, None, 2]).sum(-1)
    wrong = (-now * g["depth_sign"]).clamp(min=0)
    return mean(pseudo_huber(wrong.square(), spatial.WIDTH), g["depth_weight"])


def _skating(feet: Any, planted: Any, g: Given) -> Any:
    mask, speed = g["frame_mask"], feet[..., :2].diff(dim=2) * g["fps"][:, None, None, None, None]
    both = planted[:, :, 1:] * planted[:, :, :-1] * (mask[:, 1:] * mask[:, :-1])[:, None, :, None]
    return mean(pseudo_huber(speed.square().sum(-1), skating.WIDTH), both)


def _smoothness(joints: Any, g: Given) -> Any:
    mask, acceleration = g["frame_mask"], joints.diff(n=2, dim=2) * g["fps"][:, None, None, None, None].square()
    weight = (mask[:, 2:] * mask[:, 1:-1] * mask[:, :-2])[:, None, :, None]
    return mean(pseudo_huber(acceleration.square().sum(-1), smoothness.WIDTH), weight)


def _prior(pose: Any, g: Given) -> Any:
    squared = 0.5 * (pose - g["estimate_pose"]).square().sum((-1, -2))
    return mean(geman_mcclure(squared, prior.WIDTH), g["joint_weight"])
