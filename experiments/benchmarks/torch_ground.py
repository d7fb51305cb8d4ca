"""The ground energy in PyTorch, with the height of the support by a weighted median outside of autograd."""

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from experiments.benchmarks.torch_body import Given
from experiments.benchmarks.torch_kernels import geman_mcclure, mean
from sm_jax.energies.ground import SHARED, WIDTH


def ground(feet: Any, planted: Any, g: Given) -> Any:
    """[B], as `sm_jax.energies.ground.ground`, of foot joints [B, P, T, 4, 3] with contact [B, P, T, 4]."""
    mask = g["frame_mask"][:, None, :, None]
    sole = feet[..., 2] - g["clearance"][:, :, None]
    height = sole - support(sole, planted, mask)[:, :, None, None]
    touching = mean(geman_mcclure(height.square(), WIDTH), planted * mask)
    return touching + mean(geman_mcclure(height.clamp(max=0).square(), WIDTH), mask)


@torch.no_grad()
def support(sole: Any, planted: Any, mask: Any) -> Any:
    """Heights [B, P], as `sm_jax.energies.ground.support_heights`."""
    weight = (planted * mask).flatten(2)
    ranked, order = sole.flatten(2).sort(-1)
    reached = torch.take_along_dim(weight, order, -1).cumsum(-1)
    middle = (reached >= 0.5 * reached[..., -1:]).float().argmax(-1, keepdim=True)
    own, total = torch.take_along_dim(ranked, middle, -1)[..., 0], weight.sum(-1)
    lowest = torch.where(mask > 0, sole, torch.inf).flatten(1).amin(-1)
    known = total.sum(-1)
    common = torch.where(known > 0, (total * own).sum(-1) / known.clamp(min=1e-12), lowest)[:, None]
    return common + torch.where(total > 0, geman_mcclure((own - common).square(), SHARED), 0.0) * (own - common)
