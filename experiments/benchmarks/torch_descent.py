"""The descent of the guidance in PyTorch: `sm_jax.diffusion.guidance.Normalised`, its gradient by autograd."""

from collections.abc import Callable
from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from sm_jax.diffusion.guidance import Normalised
from sm_jax.motion import state
from sm_jax.sampling import Settings


def descend(energy: Callable[[Any], Any], x: Any, steps: int, std: Any, settings: Settings) -> Any:
    """x [B, W, P, LENGTH, D] after so many descent steps, no element farther than the clamp from where it began."""
    rule, length = Normalised(size=None), torch.zeros_like(std)
    length[: state.POSE.stop] = settings.rotation_step
    length[state.PELVIS] = settings.pelvis_step
    size = length / std
    x, begin = x.detach(), x.detach()
    mean, square = torch.zeros_like(x), torch.zeros_like(x)
    for number in range(steps):
        x.requires_grad_()
        (gradient,) = torch.autograd.grad(energy(x), x)
        with torch.no_grad():
            mean = rule.momentum * mean + (1 - rule.momentum) * gradient
            square = rule.decay * square + (1 - rule.decay) * gradient.square()
            m, s = mean / (1 - rule.momentum ** (number + 1)), square / (1 - rule.decay ** (number + 1))
            typical = s.mean((2, 3, 4), keepdim=True).sqrt()
            step = (1 - number / steps) * size * m / (s.sqrt() + rule.floor * typical + 1e-12)
            x = begin + torch.clamp(x - step - begin, -settings.clamp * size, settings.clamp * size)
    return x.detach()
