"""The networks in PyTorch, written the usual way: modules, `nn.Linear`, `scaled_dot_product_attention`.

Parameters are called as in Flax, so that `load_flax` brings the weights of ours.
"""

import math
from typing import Any

import jax
import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn.functional import (  # pyright: ignore[reportMissingImports]
    gelu,
    layer_norm,
    pad,
    scaled_dot_product_attention,
    silu,
)

from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.layers import FEATURE_JOINTS
from sm_jax.nets.refiner import RefinerConfig


def person_frames(x: Any, c: dict[str, Any], mask_token: Any) -> Any:
    """The tokens [B, P, T, F] of both networks, as `sm_jax.nets.layers.person_frames`."""
    seen = c["visibility"][..., FEATURE_JOINTS]
    seen = seen * c["estimate"] + (1 - seen) * mask_token
    rest = c["rest_joints"].flatten(-2)[..., None, :].expand(*x.shape[:-1], -1)
    return torch.cat([x, c["estimate"], seen, c["visibility"], c["evidence"].flatten(-2), c["camera"], rest], -1)


def widths(c: dict[str, Any]) -> tuple[int, int]:
    """Features of a token and of the state, for conditions [..., P, T] of any leading axes."""
    fields = (c["visibility"], c["evidence"].flatten(-2), c["camera"], c["rest_joints"].flatten(-2))
    state = c["estimate"].shape[-1]
    return 3 * state + sum(x.shape[-1] for x in fields), state


def load_flax(module: Any, params: Any) -> None:
    """Give a module the parameters of the Flax one that it copies."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(params)
    named = {jax.tree_util.keystr(path, simple=True, separator="."): np.asarray(leaf) for path, leaf in leaves}

    def renamed(name: str) -> str:
        return name.replace("block_", "blocks.").replace(".kernel", ".weight")

    module.load_state_dict(
        {renamed(name): torch.tensor(x.T.copy() if name.endswith("kernel") else x) for name, x in named.items()}
    )


def rotate_by_position(x: Any, base: float = 1_000.0) -> Any:
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
    """q [..., T, H, C], k and v [..., S, H, C], mask [..., S] of booleans; zero where no key is valid.

    The leading axes are one: PyTorch has fast kernels for that alone, and compiles nothing else."""
    leading = q.shape[:-3]
    q, k, v = (a.flatten(0, -4).transpose(1, 2) for a in (q, k, v))
    anything = mask.any(-1, keepdim=True)
    allowed = (mask | ~anything).flatten(0, -2)[:, None, None]
    found = scaled_dot_product_attention(q, k, v, attn_mask=allowed)
    return found.transpose(1, 2).unflatten(0, leading) * anything[..., None, None]


class TorchInfillerBlock(nn.Module):
    """As `sm_jax.nets.infiller.Block`."""

    def __init__(self, config: InfillerConfig):
        super().__init__()
        width, e = config.width, config.expansion
        self.heads, self.offset = config.heads, nn.Parameter(torch.zeros(3, width))
        self.wide, self.said = nn.Linear(width, (7 + e) * width), nn.Linear(width, 2 * width)
        self.narrow = nn.Linear((3 + e) * width, width)

    def forward(self, x: Any, text: Any, modulation: Any, frames: Any, text_mask: Any) -> Any:
        """Attention to oneself, the partner and the text, and a feed-forward layer, in parallel."""
        b, p, t, width = x.shape
        shift, scale, gate = (modulation + self.offset).unbind(1)
        wide = self.wide(modulate(x, shift, scale)).view(b, p, t, -1, width // self.heads)
        q, k, v, to_text, hidden = wide.split([2 * self.heads] * 3 + [self.heads, wide.shape[3] - 7 * self.heads], 3)
        q, k = rotate_by_position(q), rotate_by_position(k)
        k, v = (torch.cat([a[..., : self.heads, :], a[..., self.heads :, :].flip(1)], -2) for a in (k, v))
        by_frames = attend(q, k, v, frames[:, None].expand(b, p, t))
        text_kv = self.said(text).view(b, text.shape[1], 2 * self.heads, -1)
        keys, values = text_kv.chunk(2, 2)
        by_text = attend(to_text.flatten(1, 2), keys, values, text_mask).unflatten(1, (p, t))
        together = torch.cat([by_frames, by_text, gelu(hidden, approximate="tanh")], -2).reshape(b, p, t, -1)
        return x + gate[:, None, None] * self.narrow(together)


class TorchInfiller(nn.Module):
    """As `sm_jax.nets.infiller.Infiller`. conditions: its fields by name, as tensors."""

    def __init__(self, config: InfillerConfig, tokens: int, state: int, text: int = 384):
        super().__init__()
        width, self.width = config.width, config.width
        self.mask_token = nn.Parameter(torch.zeros(state))
        self.own, self.beside = nn.Linear(tokens, width), nn.Linear(tokens, width, bias=False)
        self.time_in, self.time_out = nn.Linear(width, width), nn.Linear(width, width)
        self.text_pooled, self.text_tokens = nn.Linear(text, width), nn.Linear(text, width)
        self.modulation, self.final = nn.Linear(width, 3 * width), nn.Linear(width, 2 * width)
        self.head = nn.Linear(width, state)
        self.blocks = nn.ModuleList(TorchInfillerBlock(config) for _ in range(config.blocks))

    def forward(self, x_t: Any, t: Any, c: dict[str, Any]) -> Any:
        """x_t [B, P, T, D], t [B] -> x0 [B, P, T, D]."""
        tokens = person_frames(x_t, c, self.mask_token)
        x = self.own(tokens) + self.beside(tokens.flip(1))
        half = self.width // 2
        angle = t[:, None] * torch.exp(-math.log(10_000.0) / half * torch.arange(half, device=t.device))
        time = self.time_out(silu(self.time_in(torch.cat([angle.cos(), angle.sin()], -1))))
        text_mask = c["text_mask"] > 0
        context = silu(time + self.text_pooled(c["text_pooled"]) * text_mask.any(-1, keepdim=True))
        modulation, text = self.modulation(context).view(-1, 3, self.width), self.text_tokens(c["text_tokens"])
        for block in self.blocks:
            x = block(x, text, modulation, c["frame_mask"] > 0, text_mask)
        return c["estimate"] + self.head(modulate(x, *self.final(context).chunk(2, -1)))


def shift_frames(x: Any, frames: int) -> Any:
    """x [B, P, T, W] with frame i + `frames` in the place of frame i, zeros from beyond the ends."""
    length, before, after = x.shape[2], max(-frames, 0), max(frames, 0)
    return pad(x, (0, 0, before, after))[:, :, after : after + length]


class TorchRefinerBlock(nn.Module):
    """As `sm_jax.nets.refiner.ConvolutionBlock`."""

    def __init__(self, width: int, dilation: int):
        super().__init__()
        self.dilation, self.taps, self.out = dilation, nn.Linear(4 * width, width), nn.Linear(width, width)

    def forward(self, x: Any, mask: Any) -> Any:
        """x [B, P, T, W], mask [B, 1, T, 1]."""
        h = layer_norm(x, x.shape[-1:], eps=1e-6) * mask
        near = torch.cat([shift_frames(h, -self.dilation), h, shift_frames(h, self.dilation), h.flip(1)], -1)
        return x + self.out(gelu(self.taps(near), approximate="tanh"))


class TorchTemporalFilter(nn.Module):
    """As `sm_jax.nets.refiner.TemporalFilter`."""

    def __init__(self, taps: int, width: int):
        super().__init__()
        self.shares = nn.Parameter(torch.zeros(2 * taps, width))

    def forward(self, x: Any, mask: Any) -> Any:
        """x [B, P, T, W], mask [B, 1, T, 1]."""
        taps, filtered = len(self.shares) // 2, x
        for share, offset in zip(self.shares, [k for k in range(-taps, taps + 1) if k], strict=True):
            filtered = filtered + share * shift_frames(mask, offset) * mask * (shift_frames(x, offset) - x)
        return filtered


class TorchRefiner(nn.Module):
    """As `sm_jax.nets.refiner.Refiner`. conditions: its fields by name, as tensors."""

    def __init__(self, config: RefinerConfig, tokens: int, state: int):
        super().__init__()
        width = config.width
        self.mask_token = nn.Parameter(torch.zeros(state))
        self.own, self.beside = nn.Linear(tokens, width), nn.Linear(tokens, width, bias=False)
        self.blocks = nn.ModuleList(TorchRefinerBlock(width, dilation) for dilation in config.dilations)
        self.head, self.filter = nn.Linear(width, state), TorchTemporalFilter(config.taps, state)

    def forward(self, x: Any, c: dict[str, Any]) -> Any:
        """x [B, P, T, D] -> [B, P, T, D]."""
        tokens, mask = person_frames(x, c, self.mask_token), c["frame_mask"][:, None, :, None]
        h = self.own(tokens) + self.beside(tokens.flip(1))
        for block in self.blocks:
            h = block(h, mask)
        return self.filter(x, mask) + self.head(layer_norm(h, h.shape[-1:], eps=1e-6))
