"""The body in PyTorch, written the usual way: kinematics joint by joint, skinning by blended 4 x 4 matrices."""

from typing import Any

import torch
from torch.nn.functional import normalize, pad

from sm_jax.body.skeleton import KEYPOINT_JOINTS, PARENTS
from sm_jax.motion import state

Constants = dict[str, Any]
"""What `sampler.constants_of` makes of clips: tensors by name, a leading axis B of clips."""


def matrices_of_6d(sixd: Any) -> Any:
    """6D [..., 6] -> matrices [..., 3, 3], by Gram-Schmidt."""
    a = normalize(sixd[..., :3], dim=-1)
    b = normalize(sixd[..., 3:] - (a * sixd[..., 3:]).sum(-1, keepdim=True) * a, dim=-1)
    return torch.stack([a, b, torch.linalg.cross(a, b)], -1)


def matrices_to_6d(R: Any) -> Any:
    """The inverse of `matrices_of_6d`."""
    return R[..., :2].transpose(-1, -2).flatten(-2)


def unpack(x: Any) -> tuple[Any, Any, Any]:
    """State [..., D] -> local rotations [..., 24, 3, 3], pelvis [..., 3] and foot contact [..., 4]."""
    local = matrices_of_6d(x[..., : state.POSE.stop].unflatten(-1, (24, 6)))
    return local, x[..., state.PELVIS], x[..., state.FOOT_CONTACT]


def kinematics(local: Any, rest: Any, pelvis: Any) -> tuple[Any, Any]:
    """local [B, P, T, 24, 3, 3], rest joints [B, P, 24, 3], pelvis [B, P, T, 3] -> world rotations and joints."""
    R, placed = [local[..., 0, :, :]], [pelvis]
    for joint in range(1, 24):
        parent = PARENTS[joint]
        bone = (rest[..., joint, :] - rest[..., parent, :])[..., None, :, None]
        placed.append(placed[parent] + (R[parent] @ bone)[..., 0])
        R.append(R[parent] @ local[..., joint, :, :])
    return torch.stack(R, -3), torch.stack(placed, -2)


def carried_points(R: Any, joints: Any, rest_joints: Any, rest: Any, joint: Any) -> Any:
    """World positions [B, P, T, M, 3] of rest points [B, P, M, 3] that ride on joints [M]."""
    offset = (rest - rest_joints[:, :, joint])[:, :, None, :, :, None]
    return (R[..., joint, :, :] @ offset)[..., 0] + joints[..., joint, :]


def keypoints(R: Any, joints: Any, g: Constants) -> Any:
    """World positions [B, P, T, K, 3]."""
    return carried_points(R, joints, g["rest_joints"], g["rest_keypoints"], list(KEYPOINT_JOINTS))


def surface_points(R: Any, joints: Any, g: Constants) -> Any:
    """World positions [B, P, T, S, 3] by linear blend skinning."""
    moved = joints - (R @ g["rest_joints"][:, :, None, :, :, None])[..., 0]
    matrices = torch.cat([R, moved[..., None]], -1)
    blended = torch.einsum("sj,bptjxy->bptsxy", g["skin_weights"], matrices)
    return (blended @ pad(g["rest_surface"], (0, 1), value=1.0)[:, :, None, :, :, None])[..., 0]
