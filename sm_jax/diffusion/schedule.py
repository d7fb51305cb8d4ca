"""Noise schedules as tables, and the subsets of their time steps that a sampler visits."""

import numpy as np

CLEAN = -1  # and below: time steps of a sample without noise, after all others; what denoises it there smooths it


def cosine(steps: int = 1000, offset: float = 0.008, max_beta: float = 0.999) -> np.ndarray:
    """alpha_bar [steps], float32, of the cosine schedule (Nichol & Dhariwal 2021, eq. 17), strictly decreasing."""
    time = np.arange(steps + 1, dtype=np.float64) / steps
    level = np.cos((time + offset) / (1 + offset) * np.pi / 2) ** 2
    beta = np.minimum(1 - level[1:] / level[:-1], max_beta)
    return np.cumprod(1 - beta).astype(np.float32)


def trailing(steps: int, count: int) -> np.ndarray:
    """`count` time steps, int32 [count], evenly spaced and decreasing from the last one.

    Starting at the last step matters: the sampler begins with pure noise, and only there does the training data
    look like that (Lin et al. 2024, section 3.3). ValueError unless 1 <= count <= steps.
    """
    if not 1 <= count <= steps:
        raise ValueError(f"a schedule of {steps} steps cannot be sampled in {count}")
    return (np.round(steps - np.arange(count) * (steps / count)) - 1).astype(np.int32)
