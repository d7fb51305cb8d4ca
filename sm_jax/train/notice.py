"""Being told to end: a cluster sends SIGTERM some seconds before it takes a machine away or a job's time is over."""

import signal
from typing import Any

import jax
from jax.experimental import multihost_utils


class Notice:
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
