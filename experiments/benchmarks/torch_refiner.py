"""The refiner in PyTorch, written the usual way."""

from typing import Any

import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn.functional import gelu, layer_norm, pad  # pyright: ignore[reportMissingImports]

from experiments.benchmarks.torch_layers import person_frames
from sm_jax.nets.refiner import RefinerConfig


def shift(x: Any, frames: int) -> Any:
    """x [B, P, T, W] with frame i + `frames` in the place of frame i, zeros from beyond the ends."""
    length, before, after = x.shape[2], max(-frames, 0), max(frames, 0)
    return pad(x, (0, 0, before, after))[:, :, after : after + length]


class Block(nn.Module):
    """As `sm_jax.nets.refiner.ConvolutionBlock`."""

    def __init__(self, width: int, dilation: int):
        super().__init__()
        self.dilation, self.taps, self.out = dilation, nn.Linear(4 * width, width), nn.Linear(width, width)

    def forward(self, x: Any, mask: Any) -> Any:
        """x [B, P, T, W], mask [B, 1, T, 1]."""
        h = layer_norm(x, x.shape[-1:], eps=1e-6) * mask
        near = torch.cat([shift(h, -self.dilation), h, shift(h, self.dilation), h.flip(1)], -1)
        return x + self.out(gelu(self.taps(near), approximate="tanh"))


class Filter(nn.Module):
    """As `sm_jax.nets.refiner.TemporalFilter`."""

    def __init__(self, taps: int, width: int):
        super().__init__()
        self.shares = nn.Parameter(torch.zeros(2 * taps, width))

    def forward(self, x: Any, mask: Any) -> Any:
        """x [B, P, T, W], mask [B, 1, T, 1]."""
        taps, filtered = len(self.shares) // 2, x
        for share, offset in zip(self.shares, [k for k in range(-taps, taps + 1) if k], strict=True):
            filtered = filtered + share * shift(mask, offset) * mask * (shift(x, offset) - x)
        return filtered


class Refiner(nn.Module):
    """As `sm_jax.nets.refiner.Refiner`. conditions: its fields by name, as tensors."""

    def __init__(self, config: RefinerConfig, tokens: int, state: int):
        super().__init__()
        width = config.width
        self.mask_token = nn.Parameter(torch.zeros(state))
        self.own, self.beside = nn.Linear(tokens, width), nn.Linear(tokens, width, bias=False)
        self.blocks = nn.ModuleList(Block(width, dilation) for dilation in config.dilations)
        self.head, self.filter = nn.Linear(width, state), Filter(config.taps, state)

    def forward(self, x: Any, c: dict[str, Any]) -> Any:
        """x [B, P, T, D] -> [B, P, T, D]."""
        tokens, mask = person_frames(x, c, self.mask_token), c["frame_mask"][:, None, :, None]
        h = self.own(tokens) + self.beside(tokens.flip(1))
        for block in self.blocks:
            h = block(h, mask)
        return self.filter(x, mask) + self.head(layer_norm(h, h.shape[-1:], eps=1e-6))
