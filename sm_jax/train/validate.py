"""What a network makes of held-out windows under simulated occlusion, in a few numbers to watch while training."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from sm_jax.diffusion import Denoiser
from sm_jax.diffusion.sampler import ddim
from sm_jax.diffusion.schedule import trailing
from sm_jax.geometry import safe
from sm_jax.nets.infiller import Infiller, InfillerConfig
from sm_jax.nets.refiner import Refiner, RefinerConfig
from sm_jax.nets.weights import Params
from sm_jax.train.examples import Example, TrainContext, example_key
from sm_jax.train.losses import FPS, joints
from sm_jax.types import Array

HIDDEN = 0.3  # a joint below this visibility counts as hidden


def infill(config: InfillerConfig, params: Params, example: Example, world: TrainContext, steps: int) -> jax.Array:
    """Unguided samples [B, P, T, D] of an infiller. An example's noise follows from its number alone."""
    net, conditions = Infiller(config), example.conditions

    def draw(number: Array) -> jax.Array:
        return jax.random.normal(jax.random.fold_in(example_key(world, number), 2), conditions.estimate.shape[1:])

    denoiser: Denoiser = lambda x_t, t: jnp.asarray(net.apply({"params": params}, x_t, t, conditions))  # noqa: E731
    noise = jax.vmap(draw)(example.number)
    return ddim(denoiser, noise, world.alpha_bar, trailing(world.alpha_bar.shape[0], steps))[-1]


def errors(x0: Array, example: Example, world: TrainContext) -> dict[str, jax.Array]:
    """Errors of normalised states [B, P, T, D]: in mm over all joints, over hidden ones and relative to one's own
    pelvis, and of the acceleration in m/s^2. Means over people, frames and joints; no alignment."""
    found, _ = joints(x0, example.rest_joints, world.statistics)
    true, _ = joints(example.x0, example.rest_joints, world.statistics)
    hidden = (example.conditions.visibility < HIDDEN).astype(jnp.float32)
    distance, rooted = safe.norm(found - true), safe.norm((found - found[..., :1, :]) - (true - true[..., :1, :]))
    acceleration = [jnp.diff(x, n=2, axis=2) * FPS**2 for x in (found, true)]
    share = jnp.maximum(hidden.sum(), 1.0)
    return {
        "mpjpe": 1e3 * distance.mean(),
        "hidden_mpjpe": 1e3 * (distance * hidden).sum() / share,
        "rooted_mpjpe": 1e3 * rooted.mean(),
        "hidden_rooted_mpjpe": 1e3 * (rooted * hidden).sum() / share,
        "acceleration_error": safe.norm(acceleration[0] - acceleration[1]).mean(),
        "jitter_ratio": safe.norm(jnp.diff(found, n=3, axis=2)).mean() / safe.norm(jnp.diff(true, n=3, axis=2)).mean(),
    }


def infiller_validation(
    config: InfillerConfig, example: Example, world: TrainContext, steps: int = 5
) -> Callable[[Params], dict[str, float]]:
    """A function of the weights: errors of samples, and of the gap-filled estimate they start from."""

    @jax.jit
    def run(params: Params, example: Example, world: TrainContext) -> dict[str, jax.Array]:
        x0 = infill(config, params, example, world, steps)
        return _beside(errors(x0, example, world), errors(example.conditions.estimate, example, world), "estimate")

    return lambda params: {name: round(float(v), 3) for name, v in run(params, example, world).items()}


def refiner_validation(
    config: RefinerConfig, infilled: Array, example: Example, world: TrainContext
) -> Callable[[Params], dict[str, float]]:
    """A function of the weights: errors of refined motions, and of the infilled ones they start from."""

    @jax.jit
    def run(params: Params, infilled: Array, example: Example, world: TrainContext) -> dict[str, jax.Array]:
        x0 = jnp.asarray(Refiner(config).apply({"params": params}, infilled, example.conditions))
        return _beside(errors(x0, example, world), errors(infilled, example, world), "infilled")

    return lambda params: {name: round(float(v), 3) for name, v in run(params, infilled, example, world).items()}


def _beside(ours: dict[str, jax.Array], other: dict[str, jax.Array], name: str) -> dict[str, jax.Array]:
    return {f"val/{key}": value for key, value in ours.items()} | {f"val/{name}/{key}": v for key, v in other.items()}
