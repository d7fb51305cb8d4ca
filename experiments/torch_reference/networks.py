"""The networks in PyTorch, written the usual way: modules, `nn.Linear`, `scaled_dot_product_attention`.

Parameters are called as in Flax, so that `load_flax` brings the weights of ours.
"""

import dataclasses
import math
from typing import Any

import jax
import numpy as np
import torch
from torch import nn
from torch.nn.functional import (
    gelu,
    layer_norm,
    pad,
    scaled_dot_product_attention,
    silu,
)

from sm_jax.motion.state import PELVIS
from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.layers import FEATURE_JOINTS
from sm_jax.nets.refiner import RefinerConfig

# How far a bounded residual goes where all is seen: any feature; a pelvis across the line of sight, along it beside the
# partner, and along it with the partner.
SEEN, ACROSS, DEPTH_OWN, DEPTH_SHARED = 2.0, 0.25, 1.0, 2.0


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


def tensors(struct: Any) -> dict[str, Any]:
    """The fields of conditions or of an example by name, as tensors."""
    return jax.tree.map(lambda x: torch.tensor(np.asarray(x)), dataclasses.asdict(struct))


def load_flax(module: Any, params: Any) -> None:
    """Give a module the parameters of the Flax one that it copies."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(params)
    named = {jax.tree_util.keystr(path, simple=True, separator="."): np.asarray(leaf) for path, leaf in leaves}

    def renamed(name: str) -> str:
        return name.replace("block_", "blocks.").replace(".kernel", ".weight")

    module.load_state_dict(
        {renamed(name): torch.tensor(x.T.copy() if name.endswith("kernel") else x) for name, x in named.items()}
    )


def bounded(residual: Any, c: dict[str, Any]) -> Any:
    """As `sm_jax.nets.residual.bounded`."""
    found = softly(residual, c["visibility"][..., FEATURE_JOINTS], SEEN)
    across, depth = residual[..., PELVIS].split([2, 1], -1)
    shared, own, visible = (depth + depth.flip(1)) / 2, (depth - depth.flip(1)) / 2, c["visibility"][..., :1]
    depth = softly(shared, visible, DEPTH_SHARED) + softly(own, visible, DEPTH_OWN)
    place = c["placement"] @ torch.cat([softly(across, visible, ACROSS), depth], -1)[..., None]
    return torch.cat([found[..., : PELVIS.start], place[..., 0], found[..., PELVIS.stop :]], -1)


def softly(x: Any, visible: Any, bound: float) -> Any:
    """x where nothing is visible, and no more than `bound` where all is."""
    return torch.lerp(x, bound * torch.tanh(x / bound), visible)


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
        self.qkv_mlp, self.text_kv = nn.Linear(width, (7 + e) * width), nn.Linear(width, 2 * width)
        self.out = nn.Linear((3 + e) * width, width)

    def forward(self, x: Any, text: Any, modulation: Any, frame_mask: Any, text_mask: Any) -> Any:
        """Attention to oneself, the partner and the text, and a feed-forward layer, in parallel."""
        b, p, t, width = x.shape
        shift, scale, gate = (modulation + self.offset).unbind(1)
        qkv_mlp = self.qkv_mlp(modulate(x, shift, scale)).view(b, p, t, -1, width // self.heads)
        q, k, v, to_text, hidden = qkv_mlp.tensor_split([i * self.heads for i in (2, 4, 6, 7)], 3)
        q, k = rotate_by_position(q), rotate_by_position(k)
        k, v = (torch.cat([a[..., : self.heads, :], a[..., self.heads :, :].flip(1)], -2) for a in (k, v))
        by_frames = attend(q, k, v, frame_mask[:, None].expand(b, p, t))
        keys, values = self.text_kv(text).view(b, text.shape[1], 2 * self.heads, -1).chunk(2, 2)
        by_text = attend(to_text.flatten(1, 2), keys, values, text_mask).unflatten(1, (p, t))
        together = torch.cat([by_frames, by_text, gelu(hidden, approximate="tanh")], -2).reshape(b, p, t, -1)
        return x + gate[:, None, None] * self.out(together)


class TorchInfiller(nn.Module):
    """As `sm_jax.nets.infiller.Infiller`. conditions: its fields by name, as tensors."""

    def __init__(self, config: InfillerConfig, tokens: int, state: int, joints: int = 24, text: int = 384):
        super().__init__()
        width, patch = config.width, config.patch
        self.config, self.joints = config, joints
        self.mask_token = nn.Parameter(torch.zeros(state))
        self.self_in, self.partner_in = nn.Linear(patch * tokens, width), nn.Linear(patch * tokens, width, bias=False)
        self.time_in, self.time_out = nn.Linear(width, width), nn.Linear(width, width)
        self.text_pooled, self.text_tokens = nn.Linear(text, width), nn.Linear(text, width)
        self.modulation, self.final = nn.Linear(width, 3 * width), nn.Linear(width, 2 * width)
        self.head = nn.Linear(width, patch * state)
        self.blocks = nn.ModuleList(TorchInfillerBlock(config) for _ in range(config.blocks))
        if config.residual == "bounded":
            self.error_scale = nn.Linear(1, width, bias=False)
            self.uncertainty = nn.Linear(width, patch * joints)

    def forward(self, x_t: Any, t: Any, c: dict[str, Any]) -> Any:
        """x_t [B, P, T, D], t [B] -> x0 [B, P, T, D]."""
        return self.predict(x_t, t, c)[0]

    def predict(self, x_t: Any, t: Any, c: dict[str, Any]) -> tuple[Any, Any]:
        """x0 [B, P, T, D] and, of a network with bounds, how unsure it is of each joint [B, P, T, J]."""
        b, p, frames, features = x_t.shape
        tokens, frame_mask = person_frames(x_t, c, self.mask_token), c["frame_mask"]
        if self.config.patch > 1:
            tokens = (tokens * frame_mask[:, None, :, None]).reshape(b, p, frames // self.config.patch, -1)
            frame_mask = frame_mask.unflatten(1, (-1, self.config.patch)).amax(-1)
        x = self.self_in(tokens) + self.partner_in(tokens.flip(1))
        if self.config.residual == "bounded":
            x = x + self.error_scale(c["error_scale"][:, :, None, None])
        context, text_mask = self._context(t, c), c["text"]["mask"] > 0
        modulation, text = self.modulation(context).unflatten(-1, (3, -1)), self.text_tokens(c["text"]["tokens"])
        for block in self.blocks:
            x = block(x, text, modulation, frame_mask > 0, text_mask)
        x = modulate(x, *self.final(context).chunk(2, -1))
        residual = self.head(x).view(b, p, frames, features)
        if self.config.residual == "free":
            return c["estimate"] + residual, None
        return c["estimate"] + bounded(residual, c), self.uncertainty(x).view(b, p, frames, self.joints)

    def _context(self, t: Any, c: dict[str, Any]) -> Any:
        """What modulates every block [B, W]."""
        half = self.config.width // 2
        angle = t[:, None] * torch.exp(-math.log(10_000.0) / half * torch.arange(half, device=t.device))
        time = self.time_out(silu(self.time_in(torch.cat([angle.cos(), angle.sin()], -1))))
        has_text = (c["text"]["mask"] > 0).any(-1, keepdim=True)
        return silu(time + self.text_pooled(c["text"]["pooled"]) * has_text)


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
        width, self.config = config.width, config
        self.mask_token = nn.Parameter(torch.zeros(state))
        self.self_in, self.partner_in = nn.Linear(tokens, width), nn.Linear(tokens, width, bias=False)
        self.blocks = nn.ModuleList(TorchRefinerBlock(width, dilation) for dilation in config.dilations)
        self.head, self.filter = nn.Linear(width, state), TorchTemporalFilter(config.taps, state)

    def forward(self, x: Any, c: dict[str, Any]) -> Any:
        """x [B, P, T, D] -> [B, P, T, D]."""
        tokens, mask = person_frames(x, c, self.mask_token), c["frame_mask"][:, None, :, None]
        h = self.self_in(tokens) + self.partner_in(tokens.flip(1))
        for block in self.blocks:
            h = block(h, mask)
        residual = self.head(layer_norm(h, h.shape[-1:], eps=1e-6))
        if self.config.residual == "bounded":
            residual = bounded(residual, c)
        return self.filter(x, mask) + residual
