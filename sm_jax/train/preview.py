"""Pictures of what a network makes of a held-out window, beside the truth and what it starts from."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.motion import state
from sm_jax.motion.normalise import Statistics, denormalise
from sm_jax.motion.pair_frame import PairFrame, to_world
from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.refiner import Refiner, RefinerConfig
from sm_jax.nets.weights import Params
from sm_jax.train.examples import Example, TrainContext
from sm_jax.train.validate import infill
from sm_jax.types import Array, Motion

Preview = Callable[[Params], np.ndarray]
_COLUMNS = 6
_PAIR_FRAME = PairFrame(R_pair_world=np.eye(3, dtype=np.float32), origin=np.zeros(3, np.float32))


def infiller_preview(config: InfillerConfig, example: Example, world: TrainContext, steps: int = 5) -> Preview:
    """A function of the weights: a picture [H, W, 3] uint8 of the first example, its estimate, an unguided sample."""

    def predict(params: Params, one: Example, world: TrainContext) -> Array:
        return infill(config, params, one, world, steps)

    return _preview(predict, example, example, world)


def refiner_preview(config: RefinerConfig, infilled: Array, example: Example, world: TrainContext) -> Preview:
    """A function of the weights: a picture [H, W, 3] uint8 of the first example, its estimate, the refined motion."""

    def predict(params: Params, one: tuple[Array, Example], world: TrainContext) -> Array:
        del world
        return jnp.asarray(Refiner(config).apply({"params": params}, one[0], one[1].conditions))

    return _preview(predict, (infilled, example), example, world)


def _preview(
    predict: Callable[[Params, Any, TrainContext], Array], inputs: Any, example: Example, world: TrainContext
) -> Preview:
    from sm_jax.export.contact_sheet import contact_sheet  # OpenCV is an extra

    inputs, one = jax.tree.map(lambda x: x[:1], (inputs, example))

    @jax.jit
    def run(params: Params, inputs: Any, one: Example, world: TrainContext) -> list[Motion]:
        states = (one.x0, one.conditions.estimate, predict(params, inputs, world))
        return [_motion(x[0], one.betas[0], world.statistics) for x in states]

    def draw(params: Params) -> np.ndarray:
        rows = zip(("truth", "estimate", "prediction"), run(params, inputs, one, world), strict=True)
        return contact_sheet(world.body, list(rows), _COLUMNS)

    return draw


def _motion(x: Array, betas: Array, statistics: Statistics) -> Motion:
    """A normalised state [P, T, D] as motion in the pair frame, of bodies with betas [P, N]."""
    return to_world(state.to_motion(denormalise(x, statistics), betas), _PAIR_FRAME)
