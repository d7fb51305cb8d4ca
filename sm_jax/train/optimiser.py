"""The optimiser from its configuration."""

import jax
import optax

from sm_jax.train.config import OptimiserConfig


def make(config: OptimiserConfig, steps: int) -> optax.GradientTransformation:
    """AdamW for a training of `steps` steps. Weight decay is for matrices alone."""
    schedule = optax.warmup_cosine_decay_schedule(
        0.0, config.learning_rate, min(config.warm_up, steps - 1), steps, end_value=0.01 * config.learning_rate
    )
    return optax.chain(
        optax.clip_by_global_norm(config.clip),
        optax.adamw(
            schedule,
            b2=0.99,
            weight_decay=config.weight_decay,
            mask=lambda params: jax.tree.map(lambda x: x.ndim > 1, params),
        ),
    )
