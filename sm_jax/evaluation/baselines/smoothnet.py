"""The learned smoother, slid over the gap-filled estimate."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.errors import UserError
from sm_jax.evaluation.baselines.estimate import as_motion, filled_state
from sm_jax.evaluation.baselines.method import MethodInput
from sm_jax.motion.normalise import denormalise, normalise
from sm_jax.nets.smoothnet import SmoothNet, SmoothNetConfig
from sm_jax.nets.weights import PACKAGED, NetworkWeights, load_weights
from sm_jax.types import Array, Motion

WEIGHTS = PACKAGED / "smoothnet.npz"


@dataclasses.dataclass(frozen=True, eq=False)
class Smoothed:
    """SmoothNet over every window of the clip, averaged where windows overlap. weights: by default those packaged."""

    weights: NetworkWeights = dataclasses.field(default_factory=lambda: load_weights(WEIGHTS))

    def __post_init__(self) -> None:
        if not isinstance(self.weights.config, SmoothNetConfig):
            raise UserError(
                "these are not the weights of a SmoothNet: train them with python -m experiments.studies.smoothnet"
            )

    def __call__(self, clip: MethodInput) -> Motion:
        """The smoothed motion."""
        x = normalise(filled_state(clip), self.weights.statistics)
        smooth = slide(self._window, x, self.weights.config.window)  # pyrefly: ignore[missing-attribute]
        return as_motion(denormalise(smooth, self.weights.statistics), clip)

    def _window(self, x: Array) -> jax.Array:
        net = SmoothNet(self.weights.config)  # pyrefly: ignore[bad-argument-type]
        return jnp.asarray(net.apply({"params": self.weights.params}, x))


def slide(smooth: Callable[[Array], Array], x: Array, window: int) -> jax.Array:
    """Values [..., T, C] smoothed in all windows [..., window, C], averaged; a shorter clip's end is repeated."""
    frames = x.shape[-2]
    short = max(window - frames, 0)
    x = jnp.concatenate([x, jnp.repeat(x[..., -1:, :], short, axis=-2)], axis=-2)
    index = np.arange(frames + short - window + 1)[:, None] + np.arange(window)
    found = smooth(x[..., index, :])
    total = jnp.zeros_like(x).at[..., index, :].add(found)
    times = np.bincount(index.ravel()).astype(np.float32)
    return (total / jnp.reshape(times, (1,) * (x.ndim - 2) + (-1, 1)))[..., :frames, :]
