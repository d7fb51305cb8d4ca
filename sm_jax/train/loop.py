"""The host's loop around the compiled step."""

import contextlib
import dataclasses
import pathlib
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from sm_jax.errors import UserError
from sm_jax.nets.weights import Params
from sm_jax.train import parallel
from sm_jax.train.checkpoint import Checkpoints
from sm_jax.train.config import TrainConfig
from sm_jax.train.examples import TrainContext
from sm_jax.train.metric_writers import Log
from sm_jax.train.metrics import MetricMonitor
from sm_jax.train.output import write_errors
from sm_jax.train.state import TrainState
from sm_jax.train.step import Step

# Being told to end: a cluster sends SIGTERM some seconds before it takes a machine away or a job's time is over.


class Preemption:
    """Takes SIGTERM as a notice instead of dying of it, until it is closed. For the main thread."""

    def __init__(self) -> None:
        self._given = False
        # Several processes leave the signal to JAX, which tells all of them and has them agree on a step.
        self._before = signal.signal(signal.SIGTERM, self._take) if jax.process_count() == 1 else None

    def given(self, step: int) -> bool:
        """Whether to end after this step. Every process has to ask after every step: all get the same answer."""
        return self._given if jax.process_count() == 1 else multihost_utils.reached_preemption_sync_point(step)

    def close(self) -> None:
        """SIGTERM does again what it did."""
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)

    def _take(self, *_: Any) -> None:
        self._given = True


def leave_when_told() -> None:
    """From now on SIGTERM ends the program with one line, but while there is a Notice. For the main thread."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(*_: Any) -> None:
    # not an Exception: what is underway would take that for a fault of its own
    sys.exit("told to end while no step was underway; every step that was saved is kept: go on with --resume")


Validate = Callable[[Params], dict[str, float]]
Preview = Callable[[Params], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Hook:
    """What is done after every `period` steps, and after the last. do: steps done and the state on all devices."""

    period: int
    do: Callable[[int, TrainState], None]


def train(
    config: TrainConfig,
    step: Step,
    state: TrainState,
    world: TrainContext,
    batches: Callable[[int], Iterator[Any]],
    prepare: Callable[[TrainContext, Any], Any],
    folder: pathlib.Path,
    *,
    validate: Validate | None = None,
    preview: Preview | None = None,
    resume: bool = False,
    until: int | None = None,
) -> TrainState:
    """Train to `config.steps` (or stop early at `until`), from the newest checkpoint in `folder` if `resume`.

    step: a pure step (`make_step`).  batches: number of a batch → it and all that follow, raw host batches [B, ...],
    this process' part.  prepare: world and raw batch → the step's batch, compiled for all devices.  validate: averaged
    weights → numbers to log.  preview: averaged weights → a picture. Writes checkpoints and `log.jsonl` to the folder
    and shows progress. Raises UserError when the loss is no longer finite, when SIGTERM says to end (once the last step
    is saved), when the folder cannot be written, and for what `Checkpoints` refuses.
    """
    with (
        write_errors(folder),
        contextlib.closing(Preemption()) as notice,
        contextlib.closing(Checkpoints(folder, config, world.statistics, resume)) as checkpoints,
    ):
        state = checkpoints.restore(state)
        begin, end = int(state.step), min(config.steps, until or config.steps)
        with contextlib.closing(Log(folder, config, begin)) as log:
            watch = MetricMonitor(log, folder, config.log_every, end)
            save = Hook(config.checkpoint_every, lambda _, s: checkpoints.save(jax.device_get(parallel.unreplicate(s))))
            hooks = [*_hooks(config, log, validate, preview), save]
            compiled = parallel.parallelise(step)
            state, everywhere = parallel.replicate(state), parallel.replicate(world)
            source, batch = batches(begin // config.data.data_echo), None
            if begin < end and notice.given(begin):
                raise UserError(f"told to end before step {begin + 1}, nothing is lost: go on with --resume")
            for number in range(begin, end):
                if number == begin or number % config.data.data_echo == 0:
                    batch = prepare(everywhere, parallel.split(next(source)))
                state, metrics = compiled(state, everywhere, batch)
                watch.push(number + 1, metrics, batch)
                for hook in hooks:
                    if (number + 1) % hook.period == 0 or number + 1 == end:
                        watch.flush()  # nothing is made of a state that is not finite
                        hook.do(number + 1, state)
                if notice.given(number + 1) and number + 1 < end:
                    watch.flush()
                    save.do(number + 1, state)
                    raise UserError(f"told to end after {number + 1} steps, which are saved: go on with --resume")
            watch.flush()
    return parallel.unreplicate(state)


def _hooks(config: TrainConfig, log: Log, validate: Validate | None, preview: Preview | None) -> list[Hook]:
    """Validation and pictures, which the first process alone makes."""
    hooks = []
    if validate is not None and parallel.is_first():
        hooks += [Hook(config.validate_every, lambda n, s: log.numbers(n, validate(parallel.unreplicate(s.ema))))]
    if preview is not None and config.preview_every and parallel.is_first():
        hooks += [Hook(config.preview_every, lambda n, s: log.picture(n, preview(parallel.unreplicate(s.ema))))]
    return hooks
