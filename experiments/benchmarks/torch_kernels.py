"""Robust kernels and masked means in PyTorch, as `sm_jax.energies.kernels`."""

from typing import Any

import torch  # pyright: ignore[reportMissingImports]


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
