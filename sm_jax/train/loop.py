"""The host's loop around the compiled step."""

import json
import math
import pathlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
from tqdm import tqdm

from sm_jax.errors import UserError
from sm_jax.train import parallel
from sm_jax.train.checkpoint import Checkpoints
from sm_jax.train.config import TrainConfig
from sm_jax.train.examples import World
from sm_jax.train.state import Params, TrainState
from sm_jax.train.step import Step

Validate = Callable[[Params], dict[str, float]]


def train(
    config: TrainConfig,
    step: Step,
    state: TrainState,
    world: World,
    batches: Callable[[int], Iterator[Any]],
    prepare: Callable[[World, Any], Any],
    folder: pathlib.Path,
    *,
    validate: Validate | None = None,
    resume: bool = False,
    until: int | None = None,
) -> TrainState:
    """Train to `config.steps` (or stop early at `until`), from the newest checkpoint in `folder` if `resume`.

    step: a pure step (`make_step`).  batches: number of a batch → it and all that follow, raw host batches [B, ...].
    prepare: world and raw batch → the step's batch, compiled for all devices.  validate: averaged weights → numbers to
    log. Writes checkpoints and `log.jsonl` to the folder and shows progress.
    Raises UserError when the loss is no longer finite, and for what `Checkpoints` refuses.
    """
    checkpoints = Checkpoints(folder, config, world.statistics, resume)
    state = checkpoints.restore(state)
    begin, end = int(state.step), min(config.steps, until or config.steps)
    compiled = parallel.parallelise(step)
    state, everywhere = parallel.replicate(state), parallel.replicate(world)
    log, batch = Log(folder / "log.jsonl", begin, config.steps), None
    source, pending = batches(begin // config.data.echo), None
    try:
        for number in range(begin, end):
            if number == begin or number % config.data.echo == 0:
                batch = prepare(everywhere, parallel.split(next(source)))
            state, metrics = compiled(state, everywhere, batch)
            if pending is not None:  # the step before this one is done by now: reading it does not wait
                log.metrics(*pending)
            pending = (number + 1, metrics) if (number + 1) % config.log_every == 0 or number + 1 == end else None
            if validate is not None and ((number + 1) % config.validate_every == 0 or number + 1 == end):
                log.write(number + 1, validate(parallel.unreplicate(state.ema)))
            if (number + 1) % config.checkpoint_every == 0 or number + 1 == end:
                checkpoints.save(jax.tree.map(jax.device_get, parallel.unreplicate(state)))
        if pending is not None:
            log.metrics(*pending)
    finally:
        log.close()
        checkpoints.close()
    return parallel.unreplicate(state)


class Log:
    """One line of JSON for each logged step, and a progress bar."""

    def __init__(self, path: pathlib.Path, begin: int, total: int):
        self._file = path.open("a")
        self._bar = tqdm(total=total, initial=begin, unit="step", dynamic_ncols=True)
        self._start = time.perf_counter()

    def metrics(self, step: int, metrics: dict[str, jax.Array]) -> None:
        """Log a step's metrics. Raises UserError if the loss is not finite."""
        values = {name: float(value) for name, value in parallel.unreplicate(metrics).items()}
        self._bar.update(step - self._bar.n)
        self._bar.set_postfix(loss=f"{values['loss']:.4f}")
        self.write(step, values)
        if not math.isfinite(values["loss"]):
            raise UserError(f"the loss is {values['loss']} at step {step}: lower optimiser.learning_rate and resume")

    def write(self, step: int, values: dict[str, float]) -> None:
        """Append one line."""
        seconds = round(time.perf_counter() - self._start, 1)
        self._file.write(json.dumps({"step": step, "seconds": seconds, **values}) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file and the bar."""
        self._file.close()
        self._bar.close()
