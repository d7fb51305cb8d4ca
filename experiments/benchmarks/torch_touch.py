"""The contact energy in PyTorch: all distances between two sets of points at once, their soft minimum by logsumexp."""

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from experiments.benchmarks.torch_body import Given
from experiments.benchmarks.torch_kernels import mean, pseudo_huber
from sm_jax.energies.combine import SURFACE_EVERY
from sm_jax.energies.contact import SOFTNESS, TOLERANCE, WIDTH


def contact(points: Any, g: Given) -> Any:
    """[B], as `sm_jax.energies.contact.contact`, of surface points [B, P, T, S, 3] in every second frame."""
    a, b = (_chosen(points[:, person], g[name]) for person, name in enumerate(("touch_a", "touch_b")))
    gaps = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
    near = torch.where(g["touch_pair"][:, None], -gaps / SOFTNESS, -torch.inf)
    exists = g["touch_pair"].flatten(2).any(-1)[:, None]  # [B, 1, C]; a row without pairs has no minimum
    near = torch.where(exists[..., None, None], near, 0.0)
    distance = -SOFTNESS * torch.logsumexp(near.flatten(3), -1)
    pull = pseudo_huber((distance - TOLERANCE).clamp(min=0).square(), WIDTH)
    weight = g["touch_weight"].transpose(1, 2) * exists * g["frame_mask"][..., None]
    return mean(pull, weight[:, ::SURFACE_EVERY])


def _chosen(points: Any, index: Any) -> Any:
    """Points [B, T, C, M, 3] of [B, T, S, 3] that an index [B, C, M] names."""
    found = torch.take_along_dim(points, index.flatten(1)[:, None, :, None], 2)
    return found.unflatten(2, index.shape[1:])
