"""Cloth: what colour it has where, by the place on the body at rest."""

import numpy as np


def fabric(rng: np.random.Generator, rest: np.ndarray, plain: float) -> np.ndarray:
    """Colours [V, 3] of a cloth: plain with a given chance, else striped, checked or mottled; with wrinkles."""
    first, second = (rng.uniform(0.1, 0.9) * rng.uniform(0.35, 1.0, 3) for _ in range(2))
    waves = np.sin(2 * np.pi * rest / rng.uniform(0.06, 0.2))
    kinds = (waves[:, 1], waves[:, 0], waves[:, 0] * waves[:, 1], 20 * (wrinkles(rng, rest, 0.3)[:, 0] - 1))
    share = np.zeros(len(rest)) if rng.random() < plain else np.clip(0.5 + 2 * kinds[rng.integers(4)], 0, 1)
    return (first * (1 - share[:, None]) + second * share[:, None]) * wrinkles(rng, rest, 0.12)


def wrinkles(rng: np.random.Generator, rest: np.ndarray, depth: float) -> np.ndarray:
    """A factor [V, 1] around 1 that varies over some centimetres."""
    waves = rng.normal(size=(3, 8)) * 2 * np.pi / rng.uniform(0.06, 0.25, 8)
    return 1 + depth * np.sin(rest @ waves + rng.uniform(0, 6.3, 8)).mean(axis=1, keepdims=True) * 2
