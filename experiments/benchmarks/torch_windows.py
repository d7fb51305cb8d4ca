"""Windows and clips in PyTorch, as `sm_jax.motion.clip`: pair frames, blending, normalisation."""

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from experiments.benchmarks.torch_body import Given, rotations, sixd
from sm_jax.motion import state, windows


def to_clip(x: Any, g: Given) -> Any:
    """Normalised windows [B, W, P, LENGTH, D] -> clip states in the world [B, P, T, D]."""
    x = x * g["std"] + g["mean"]
    turn = g["pair_view"].transpose(-1, -2)[:, :, :, None]
    local = rotations(x[..., : state.POSE.stop].unflatten(-1, (24, 6)))
    orient, pose = turn @ local[..., 0, :, :], sixd(local[..., 1:, :, :]).flatten(-2)
    pelvis = (turn @ x[..., state.PELVIS, None])[..., 0] + g["pair_origin"][:, :, None, None]
    x = torch.cat([sixd(orient), pose, pelvis, x[..., state.FOOT_CONTACT]], -1)
    x = x * torch.from_numpy(windows._fade(x.shape[1])).to(x)[:, None, :, None]
    clip = x.new_zeros(*x[:, 0].shape[:2], windows.padded_frames(x.shape[1]), state.D)
    for number, start in enumerate(range(0, windows.STRIDE * x.shape[1], windows.STRIDE)):
        clip[:, :, start : start + windows.LENGTH] += x[:, number]
    return clip


def to_windows(clip: Any, g: Given) -> Any:
    """The inverse of `to_clip`; rotations are made orthonormal."""
    x = clip.unfold(2, windows.LENGTH, windows.STRIDE).permute(0, 2, 1, 4, 3)
    turn = g["pair_view"][:, :, :, None]
    local = rotations(x[..., : state.POSE.stop].unflatten(-1, (24, 6)))
    orient, pose = turn @ local[..., 0, :, :], sixd(local[..., 1:, :, :]).flatten(-2)
    pelvis = (turn @ (x[..., state.PELVIS] - g["pair_origin"][:, :, None, None])[..., None])[..., 0]
    x = torch.cat([sixd(orient), pose, pelvis, x[..., state.FOOT_CONTACT]], -1)
    return (x - g["mean"]) / g["std"]
