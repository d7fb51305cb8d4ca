"""The guided sampler in PyTorch, written the usual way: a loop over steps, networks without gradients, autograd for
the energies. As `sm_jax.sampling` for clips of one chunk and one hypothesis."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from experiments.benchmarks.torch_body import Given
from experiments.benchmarks.torch_descent import descend
from experiments.benchmarks.torch_energies import energies
from experiments.benchmarks.torch_infiller import Infiller
from experiments.benchmarks.torch_layers import load_flax, widths
from experiments.benchmarks.torch_refiner import Refiner
from experiments.benchmarks.torch_windows import to_clip, to_windows
from sm_jax.diffusion import schedule
from sm_jax.nets.features import FEATURE_JOINTS
from sm_jax.sampling import TRAINING_STEPS, Models, Settings


class Sampler:
    """Networks with the weights of ours, compiled by `compiler` if one is given, such as `torch.compile`."""

    def __init__(self, models: Models, g: Given, settings: Settings, compiler: Callable = lambda function: function):
        self.g, self.settings = g, settings
        self.conditions = {name: x.flatten(0, 1) for name, x in g["conditions"].items()}
        untold = {name: torch.zeros_like(x) for name, x in self.conditions.items() if name.startswith("text_")}
        self.silent = self.conditions | untold
        self.listens = settings.text_scale * (1 - self.conditions["visibility"][..., FEATURE_JOINTS])
        self.infiller = Infiller(models.infiller.config, *widths(self.conditions)).eval()
        self.refiner = Refiner(models.refiner.config, *widths(self.conditions)).eval()
        load_flax(self.infiller, models.infiller_params)
        load_flax(self.refiner, models.refiner_params)
        self._infill, self._refine = compiler(self.infiller), compiler(self.refiner)
        self._energy, self._agree = compiler(self.energy), compiler(lambda x: to_windows(to_clip(x, g), g))

    def energy(self, x: Any) -> Any:
        """Weighted energies of windows [B, W, P, LENGTH, D], summed over the tasks."""
        terms, weights = energies(to_clip(x, self.g), self.g), self.settings.weights.active()
        return torch.stack([weight * terms[name] for name, weight in weights.items()]).sum()

    @torch.no_grad()
    def denoise(self, x_t: Any, t: int) -> Any:
        """Windows that agree where they overlap [B, W, P, LENGTH, D]."""
        flat = x_t.flatten(0, 1)
        time = torch.full(flat.shape[:1], t, device=flat.device)
        told, untold = (self._infill(flat, time, conditions) for conditions in (self.conditions, self.silent))
        return self._agree(torch.lerp(untold, told, self.listens).view_as(x_t))

    def guide(self, x: Any, steps: int) -> Any:
        """Windows after so many descent steps."""
        return descend(self._energy, x, steps, self.g["std"], self.settings)

    def __call__(self) -> Any:
        """Clip states in the world [B, P, T, D]."""
        settings, x = self.settings, self.g["noise"]
        alpha_bar, times = schedule.cosine(TRAINING_STEPS), schedule.trailing(TRAINING_STEPS, settings.steps)
        after = np.append(alpha_bar[times[1:]], np.float32(1.0))
        for t, here, then in zip(times.tolist(), alpha_bar[times].tolist(), after.tolist(), strict=True):
            x0 = self.denoise(x, t)
            if t <= settings.guided_from:
                x0 = self.guide(x0, settings.descent)
            noise = (x - here**0.5 * x0) / (1 - here) ** 0.5
            x = then**0.5 * x0 + (1 - then) ** 0.5 * noise
        with torch.no_grad():
            x = self._agree(self._refine(x.flatten(0, 1), self.conditions).view_as(x))
        if settings.guided_from > 0:
            x = self.guide(x, settings.polish)
        return to_clip(x, self.g)
