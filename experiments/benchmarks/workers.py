"""Processes that hold what they are to be timed at."""

import multiprocessing
import os
from collections.abc import Callable, Mapping
from typing import Any

from sm_jax.fetch import cache_folder

Once = Callable[[], Any]
"""Does a work once and returns when it is done."""

Work = tuple[str, int]
"""A way to do something, and the size of the batch."""


class Worker:
    """A process with so many CPU devices that offers the works that `make(*arguments)` returns."""

    def __init__(self, make: Callable[..., Mapping[Work, Once]], devices: int, *arguments: Any):
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        before = os.environ.get("XLA_FLAGS", "")
        os.environ["XLA_FLAGS"] = f"{before} --xla_force_host_platform_device_count={devices}"
        self._process = context.Process(target=_serve, args=(theirs, make, arguments), daemon=True)
        self._process.start()
        os.environ["XLA_FLAGS"] = before
        theirs.close()
        self.offers: list[Work] = self._pipe.recv()

    def ask(self, work: Work | None) -> float:
        """Seconds that a work took."""
        self._pipe.send(work)
        return self._pipe.recv()

    def finish(self) -> float:
        """End the process. Its largest memory in GiB."""
        peak = self.ask(None)
        self._pipe.close()
        self._process.join()
        return peak


def _serve(pipe: Any, make: Callable[..., Mapping[Work, Once]], arguments: tuple) -> None:
    import resource
    import time

    import jax

    jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
    made = make(*arguments)
    pipe.send(list(made))
    while True:
        try:
            work = pipe.recv()
        except EOFError:
            return
        begin = time.perf_counter()
        if work is not None:
            made[work]()
        kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        pipe.send(kib / 2**20 if work is None else time.perf_counter() - begin)
