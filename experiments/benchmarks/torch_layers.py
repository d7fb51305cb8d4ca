"""What the infiller in PyTorch is built from."""

from typing import Any

import torch  # pyright: ignore[reportMissingImports]
from torch.nn.functional import layer_norm, scaled_dot_product_attention  # pyright: ignore[reportMissingImports]


def rotate(x: Any, base: float = 1_000.0) -> Any:
    """Rotary positions over frames: x [..., T, H, C]."""
    half = x.shape[-1] // 2
    frequency = base ** (-torch.arange(half, device=x.device) / half)
    angle = torch.arange(x.shape[-3], device=x.device)[:, None, None] * frequency
    a, b = x.chunk(2, -1)
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)


def modulate(x: Any, shift: Any, scale: Any) -> Any:
    """Adaptive layer norm."""
    return layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale[:, None, None]) + shift[:, None, None]


def attend(q: Any, k: Any, v: Any, mask: Any) -> Any:
    """q [..., T, H, C], k and v [..., S, H, C], mask [..., S] of booleans; zero where no key is valid."""
    q, k, v = (a.transpose(-3, -2) for a in (q, k, v))
    found = scaled_dot_product_attention(q, k, v, attn_mask=(mask | ~mask.any(-1, keepdim=True))[..., None, None, :])
    return found.transpose(-3, -2) * mask.any(-1)[..., None, None, None]
