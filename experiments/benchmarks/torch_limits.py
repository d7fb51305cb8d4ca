"""The energy of the joints' ranges in PyTorch, as `sm_jax.energies.limits`."""

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from experiments.benchmarks.torch_kernels import mean
from sm_jax.energies import limits as ours

_LARGEST, _BONE, _FLEXION = (
    torch.tensor(x, dtype=torch.float32) for x in (ours.LARGEST_ANGLE, ours._BONE, ours._FLEXION)
)
_HINGE = ours._HINGE.tolist()


def limits(pose: Any, mask: Any) -> Any:
    """[B] of parent-relative rotations [B, P, T, 23, 3, 3]."""
    turn = pose - pose.transpose(-1, -2)
    sine = 0.5 * torch.linalg.vector_norm(torch.stack([turn[..., 2, 1], turn[..., 0, 2], turn[..., 1, 0]], -1), dim=-1)
    cosine = 0.5 * (pose.diagonal(dim1=-2, dim2=-1).sum(-1) - 1)
    too_far = (torch.atan2(sine, cosine) - _LARGEST.to(pose)).clamp(min=0)
    bone, rest, forward = pose[..., _HINGE, :, :], _BONE.to(pose), _FLEXION.to(pose)
    bone = (bone @ rest[..., None])[..., 0]
    along, across = (bone * rest).sum(-1), (bone * forward).sum(-1)
    backwards = (-torch.atan2(across, along) - ours.HYPEREXTENSION).clamp(min=0)
    cost = too_far.square().sum(-1) + ((along.square() + across.square()) * backwards.square()).sum(-1)
    return mean(cost, mask[:, None])
