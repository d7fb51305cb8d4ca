"""What does a training step cost? Operations, memory and seconds, from which trainings elsewhere are worked out.

    python -m experiments.benchmarks.step_cost        (10 minutes on 2 cores)

The step of every size, and the making of its examples, compiled as the training compiles them, for one device and a few
windows at once: XLA counts the floating-point operations, the bytes that go through memory and the memory that it plans
(of a loop's body once), and the steps are run. Seconds are those of the cores, summed, so that what else the machine
does is not in them; beside them is what a plain product of matrices reaches on the same cores. Writes
experiments/results/step_cost.json, of which docs/training.md has the tables.
"""

import dataclasses
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from configs import base, large, small
from experiments.benchmarks.training import make_context, make_raw_batch
from experiments.lib.program import run
from experiments.lib.results import RESULTS, write_result
from sm_jax.nets.infiller import Infiller
from sm_jax.nets.refiner import Refiner
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.train import parallel
from sm_jax.train.config import DataConfig, InfillerTraining, RefinerTraining
from sm_jax.train.examples import Example, TrainContext, make_examples
from sm_jax.train.state import create, make_optimiser
from sm_jax.train.step import infiller_loss, make_step, refiner_loss

OUT = RESULTS / "step_cost.json"
FRAMES, WINDOWS, ROUNDS, SEED = 64, 8, 3, 0
TRAININGS: dict[str, InfillerTraining | RefinerTraining] = {
    "infiller small": small.INFILLER,
    "infiller base": base.INFILLER,
    "infiller large": large.INFILLER,
    "refiner base": base.REFINER,
    "refiner large": large.REFINER,
}
_SIDE = 2048  # of the plain product's matrices


def main() -> None:
    """Compile, count, run and write down."""
    keep_compiled_programs()
    context, raw = make_context(SEED), parallel.split(make_raw_batch(FRAMES, WINDOWS, SEED))
    data = dataclasses.replace(small.DATA, frames=FRAMES, batch=WINDOWS, placed=0.15, mixed=0.3)
    everywhere = parallel.replicate(context)
    making: Any = parallel.parallelise_examples(partial(make_examples, data=data, simulator=small.SIMULATOR))
    observe = making.lower(everywhere, raw).compile()
    example = observe(everywhere, raw)
    costs = {"examples": costs_of(observe) | timed(lambda: observe(everywhere, raw))}
    for name, config in TRAININGS.items():
        costs[name] = step_cost(config, context, example)
        print(name, json.dumps(costs[name]))
    write_result(
        OUT,
        what=f"steps of {WINDOWS} windows of {FRAMES} frames on one device, medians of {ROUNDS}",
        config={"windows": WINDOWS, "frames": FRAMES, "rounds": ROUNDS, "data": _plain(data)},
        seed=SEED,
        product_flops_a_core_second={dtype: product_rate(dtype) for dtype in ("float32", "bfloat16")},
        costs=costs,
    )


def step_cost(config: InfillerTraining | RefinerTraining, context: TrainContext, example: Example) -> dict[str, Any]:
    """Of one step of WINDOWS windows, all at once. example: [1, WINDOWS]."""
    first = jax.tree.map(lambda x: x[0], example)
    if isinstance(config, InfillerTraining):
        t = jnp.zeros(first.number.shape, jnp.int32)
        init = partial(Infiller(config.net).init, jax.random.key(SEED), first.x0, t, first.conditions)
        loss, batch, patch = infiller_loss(config), example, config.net.patch
    else:
        init = partial(Refiner(config.net).init, jax.random.key(SEED), first.x0, first.conditions)
        loss, batch, patch = refiner_loss(config), (example.x0, example), 1
    optimiser = make_optimiser(config.optimiser, config.steps)
    state = parallel.replicate(create(jax.jit(init)()["params"], optimiser))
    world, parameters = parallel.replicate(context), sum(x.size for x in jax.tree.leaves(state.params))
    parallelised: Any = parallel.parallelise(make_step(loss, optimiser, config.optimiser.ema))
    step = parallelised.lower(state, world, batch).compile()

    def once() -> Any:
        nonlocal state
        state, metrics = step(state, world, batch)
        return metrics

    tokens = 2 * FRAMES // patch
    return {
        "parameters": parameters,
        "tokens_a_window": tokens,
        "dtype": config.compute.dtype,
        "remat": config.compute.remat,
        "state_bytes": sum(x.nbytes for x in jax.tree.leaves(state)),
        **costs_of(step),
        **timed(once),
    }


def costs_of(compiled: Any) -> dict[str, int]:
    """What XLA says of a compiled program: operations, bytes through memory, and its memory beside what it is given."""
    said, memory = compiled.cost_analysis(), compiled.memory_analysis()
    said = said[0] if isinstance(said, list) else said
    return {
        "flops": int(said["flops"]),
        "bytes": int(said["bytes accessed"]),
        "working_bytes": int(memory.temp_size_in_bytes),
    }


def timed(call: Callable[[], Any]) -> dict[str, float]:
    """Seconds of a call: of all cores together, and on the clock."""
    jax.block_until_ready(call())
    core, clock = [], []
    for _ in range(ROUNDS):
        begin = time.process_time(), time.perf_counter()
        jax.block_until_ready(call())
        core.append(time.process_time() - begin[0])
        clock.append(time.perf_counter() - begin[1])
    return {"core_seconds": round(float(np.median(core)), 3), "clock_seconds": round(float(np.median(clock)), 3)}


def product_rate(dtype: str) -> float:
    """Floating-point operations in a core's second of a plain product of matrices."""
    square = jnp.ones((_SIDE, _SIDE), dtype)
    product = jax.jit(jnp.matmul).lower(square, square).compile()
    return round(2 * _SIDE**3 / timed(lambda: product(square, square))["core_seconds"])


def _plain(data: DataConfig) -> dict[str, Any]:
    return {name: getattr(data, name) for name in ("placed", "mixed", "partner_dropout", "estimate_dropout", "short")}


if __name__ == "__main__":
    run(main, __doc__)
