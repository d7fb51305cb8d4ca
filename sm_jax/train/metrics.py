"""Reading what a step reports without waiting for it, and stopping where it is no longer a number."""

import math
import pathlib
from typing import Any

import jax
import numpy as np

from sm_jax.errors import UserError
from sm_jax.train import parallel
from sm_jax.train.metric_writers import Log

_VITAL = ("loss", "gradient_norm")
_FIRST = 3  # windows that are named


class MetricMonitor:
    """Reads each step's metrics when the next one is under way, so that the device never waits for the host."""

    def __init__(self, log: Log, folder: pathlib.Path, log_every: int, end: int):
        self._log, self._folder, self._log_every, self._end = log, folder, log_every, end
        self._pending: tuple[int, dict[str, jax.Array], Any] | None = None

    def push(self, step: int, metrics: dict[str, jax.Array], batch: Any) -> None:
        """Take note of a step that was dispatched, the `step`-th from the start, and read the one before it."""
        self.flush()
        self._pending = step, metrics, batch

    def flush(self) -> None:
        """Read the last step. Raises UserError if its loss or gradient is not finite, once its batch is saved."""
        if self._pending is None:
            return
        (step, metrics, batch), self._pending = self._pending, None
        vital = {name: float(parallel.unreplicate(metrics[name])) for name in _VITAL}
        if all(map(math.isfinite, vital.values())):
            if step % self._log_every == 0 or step == self._end:
                self._log.numbers(step, {n: float(value) for n, value in parallel.unreplicate(metrics).items()})
            return
        self._log.numbers(step, vital)
        host = parallel.join(batch)
        path = self._folder / f"not_finite_{step}_{jax.process_index()}.npz"
        np.savez(path, **_named(host))  # pyrefly: ignore[bad-argument-type]
        said = ", ".join(f"{name} is {value}" for name, value in vital.items())
        remedy = "mend the data, or start another run with a lower optimiser.learning_rate"
        raise UserError(f"{said} at step {step}; {_where(host)}; the batch is in {path}: {remedy}")


def _named(batch: Any) -> dict[str, np.ndarray]:
    """The arrays of a batch by path."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(batch)
    return {jax.tree_util.keystr(path, simple=True, separator="."): np.asarray(leaf) for path, leaf in leaves}


def _where(batch: Any) -> str:
    """Which entries of a batch are not finite already."""
    for name, array in _named(batch).items():
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            rows = np.flatnonzero(~np.isfinite(array).all(axis=tuple(range(1, array.ndim))))
            more = ", …" if len(rows) > _FIRST else ""
            return f"{name} of window {', '.join(map(str, rows[:_FIRST]))}{more} of the batch is not finite"
    return "every number of the batch is finite"
