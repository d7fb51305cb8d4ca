"""What the networks in PyTorch are built from, and how weights come into them."""

from typing import Any

import jax
import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch.nn.functional import layer_norm, scaled_dot_product_attention  # pyright: ignore[reportMissingImports]

from sm_jax.nets.features import FEATURE_JOINTS


def person_frames(x: Any, c: dict[str, Any], mask_token: Any) -> Any:
    """The tokens [B, P, T, F] of both networks, as `sm_jax.nets.features.person_frames`."""
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
    """q [..., T, H, C], k and v [..., S, H, C], mask [..., S] of booleans; zero where no key is valid.

    The leading axes are one: PyTorch has fast kernels for that alone, and compiles nothing else."""
    leading = q.shape[:-3]
    q, k, v = (a.flatten(0, -4).transpose(1, 2) for a in (q, k, v))
    anything = mask.any(-1, keepdim=True)
    allowed = (mask | ~anything).flatten(0, -2)[:, None, None]
    found = scaled_dot_product_attention(q, k, v, attn_mask=allowed)
    return found.transpose(1, 2).unflatten(0, leading) * anything[..., None, None]
