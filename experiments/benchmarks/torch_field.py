"""The distance field of the skin in PyTorch, written the usual way: all capsules at once, gathers, autograd."""

from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from experiments.benchmarks.torch_body import Given, attached


def depths(points: Any, R: Any, joints: Any, g: Given) -> Any:
    """Depth [B, P, T, S] of each person's points under the other's skin. As `sm_jax.energies.penetration.depths`."""
    R, joints = R.flip(1), joints.flip(1)
    carried, other = g["capsule_joint"], {name: g[name].flip(1) for name in ("rest_joints", *_OF_A_PERSON)}
    part = nearest_part(points, R, joints, other, carried)
    turn = R[..., carried, :, :].transpose(-1, -2)
    shift = other["rest_joints"][:, :, None, carried] - (turn @ joints[..., carried, :, None])[..., 0]
    turn = torch.take_along_dim(turn, part[..., None, None], -3)
    rest = (turn @ points[..., None])[..., 0] + torch.take_along_dim(shift, part[..., None], -2)
    low, density = (torch.take_along_dim(other[x][:, :, None], part[..., None], -2) for x in ("low", "density"))
    at = (rest - low) * density
    n = other["table"].shape[-1]
    place = at.clamp(0, n - 1)
    beyond = torch.linalg.vector_norm((at - place) / density, dim=-1)
    return -(interpolate(other["table"], part, place) + beyond)


_OF_A_PERSON = ("capsule_start", "capsule_end", "radius", "low", "density", "table")


@torch.no_grad()
def nearest_part(points: Any, R: Any, joints: Any, g: Given, carried: Any) -> Any:
    """Index [B, P, T, S] of the capsule nearest to each point [B, P, T, S, 3]."""
    start, end = (
        attached(R, joints, g["rest_joints"], g[x], carried)[..., None, :, :] for x in ("capsule_start", "capsule_end")
    )
    axis, along = end - start, points[..., None, :] - start
    where = ((along * axis).sum(-1) / axis.square().sum(-1)).clamp(0, 1)
    gap = torch.linalg.vector_norm(along - where[..., None] * axis, dim=-1)
    return (gap - g["radius"][:, :, None, None]).argmin(-1)


def interpolate(table: Any, part: Any, place: Any) -> Any:
    """Trilinear interpolation [B, P, T, S] in tables [B, P, C, n, n, n] at `place` [B, P, T, S, 3], in nodes."""
    n = table.shape[-1]
    corner = place.detach().floor().clamp(max=n - 2)
    i, j, k = corner.long().unbind(-1)
    index = ((part * n + i) * n + j) * n + k
    offsets = torch.tensor([0, 1, n, n + 1, n * n, n * n + 1, n * n + n, n * n + n + 1], device=place.device)
    index = (index[..., None] + offsets).flatten(2)
    values = torch.take_along_dim(table.flatten(2), index, -1).view(*part.shape, 2, 2, 2)
    u, v, w = (place - corner).unbind(-1)
    values = torch.lerp(values[..., 0], values[..., 1], w[..., None, None])
    values = torch.lerp(values[..., 0], values[..., 1], v[..., None])
    return torch.lerp(values[..., 0], values[..., 1], u)
