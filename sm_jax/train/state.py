"""What changes while training."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.tree_util import DictKey, register_dataclass
from optax.contrib import MuonDimensionNumbers, muon

from sm_jax.nets.weights import Params
from sm_jax.train.config import OptimiserConfig
from sm_jax.types import Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainState:
    """step: [] number of steps done.  params: the network's.  ema: their running average.  optimiser: its state."""

    step: Array
    params: Params
    ema: Params
    optimiser: optax.OptState


def create(params: Params, optimiser: optax.GradientTransformation) -> TrainState:
    """The state before the first step."""
    return TrainState(
        step=jnp.zeros((), jnp.int32),
        params=params,
        ema=jax.tree.map(jnp.copy, params),
        optimiser=optimiser.init(params),
    )


def apply_gradients(
    state: TrainState, gradient: Params, optimiser: optax.GradientTransformation, decay: float
) -> TrainState:
    """One optimiser step. The average starts short and lengthens to 1 / (1 - decay) steps."""
    updates, optimiser_state = optimiser.update(gradient, state.optimiser, state.params)
    params = optax.apply_updates(state.params, updates)
    step = state.step.astype(jnp.float32)
    decay_now = jnp.minimum(decay, (1.0 + step) / (10.0 + step))
    ema = jax.tree.map(lambda old, new: old + (1.0 - decay_now) * (new - old), state.ema, params)
    return TrainState(step=state.step + 1, params=params, ema=ema, optimiser=optimiser_state)


# The optimiser from its configuration.


def make_optimiser(config: OptimiserConfig, steps: int) -> optax.GradientTransformation:
    """The optimiser of a training of `steps` steps. Weight decay and Muon are for the kernels of layers alone, not for
    tables of offsets, biases and shares.

    Muon (Jordan et al. 2024) orthogonalises the momentum of matrices; its steps are scaled to the size of AdamW's, so
    that one learning rate serves both (Liu et al. 2025).
    """
    schedule = optax.warmup_cosine_decay_schedule(
        0.0, config.learning_rate, min(config.warm_up, steps - 1), steps, end_value=0.01 * config.learning_rate
    )

    def kernels(params: Any) -> Any:
        return jax.tree_util.tree_map_with_path(lambda path, _: path[-1] == DictKey("kernel"), params)

    def axes(params: Any) -> Any:
        return jax.tree.map(lambda is_kernel: MuonDimensionNumbers() if is_kernel else None, kernels(params))

    if config.kind == "muon":
        rule = muon(
            schedule,
            weight_decay=config.weight_decay,
            weight_decay_mask=kernels,
            muon_weight_dimension_numbers=axes,
            adam_b2=0.99,
            adam_weight_decay=0.0,
            consistent_rms=0.2,
        )
    else:
        rule = optax.adamw(schedule, b2=0.99, weight_decay=config.weight_decay, mask=kernels)
    return optax.chain(optax.clip_by_global_norm(config.clip), rule)
