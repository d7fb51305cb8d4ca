"""The infiller in PyTorch, written the usual way: modules, `nn.Linear`, `scaled_dot_product_attention`."""

import math
from typing import Any

import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn.functional import gelu, silu  # pyright: ignore[reportMissingImports]

from experiments.benchmarks.torch_layers import attend, modulate, person_frames, rotate
from sm_jax.nets.infiller import InfillerConfig


class Block(nn.Module):
    """As `sm_jax.nets.infiller.Block`."""

    def __init__(self, config: InfillerConfig):
        super().__init__()
        width, e = config.width, config.expansion
        self.heads, self.offset = config.heads, nn.Parameter(torch.zeros(3, width))
        self.wide, self.said = nn.Linear(width, (7 + e) * width), nn.Linear(width, 2 * width)
        self.narrow = nn.Linear((3 + e) * width, width)

    def forward(self, x: Any, text: Any, modulation: Any, frames: Any, told: Any) -> Any:
        """Attention to oneself, the partner and the text, and a feed-forward layer, in parallel."""
        b, p, t, width = x.shape
        shift, scale, gate = (modulation + self.offset).unbind(1)
        wide = self.wide(modulate(x, shift, scale)).view(b, p, t, -1, width // self.heads)
        q, k, v, to_text, hidden = wide.split([2 * self.heads] * 3 + [self.heads, wide.shape[3] - 7 * self.heads], 3)
        q, k = rotate(q), rotate(k)
        k, v = (torch.cat([a[..., : self.heads, :], a[..., self.heads :, :].flip(1)], -2) for a in (k, v))
        by_frames = attend(q, k, v, frames[:, None].expand(b, p, t))
        said = self.said(text).view(b, text.shape[1], 2 * self.heads, -1)
        keys, values = said.chunk(2, 2)
        by_text = attend(to_text.flatten(1, 2), keys, values, told).unflatten(1, (p, t))
        together = torch.cat([by_frames, by_text, gelu(hidden, approximate="tanh")], -2).reshape(b, p, t, -1)
        return x + gate[:, None, None] * self.narrow(together)


class Infiller(nn.Module):
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
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))

    def forward(self, x_t: Any, t: Any, c: dict[str, Any]) -> Any:
        """x_t [B, P, T, D], t [B] -> x0 [B, P, T, D]."""
        tokens = person_frames(x_t, c, self.mask_token)
        x = self.own(tokens) + self.beside(tokens.flip(1))
        half = self.width // 2
        angle = t[:, None] * torch.exp(-math.log(10_000.0) / half * torch.arange(half, device=t.device))
        time = self.time_out(silu(self.time_in(torch.cat([angle.cos(), angle.sin()], -1))))
        told = c["text_mask"] > 0
        context = silu(time + self.text_pooled(c["text_pooled"]) * told.any(-1, keepdim=True))
        modulation, text = self.modulation(context).view(-1, 3, self.width), self.text_tokens(c["text_tokens"])
        for block in self.blocks:
            x = block(x, text, modulation, c["frame_mask"] > 0, told)
        return c["estimate"] + self.head(modulate(x, *self.final(context).chunk(2, -1)))
