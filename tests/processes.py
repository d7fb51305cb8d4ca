"""Functions in processes of their own, because of their devices or because they are killed.

All are forked from one process that has imported JAX and the package, and has run nothing: importing is most of what
so small a process does.
"""

import json
import multiprocessing
import os
import pathlib
import pickle
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import jax

from sm_jax.errors import UserError

ROOT = pathlib.Path(__file__).parent.parent
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.train.programs"])


def environment(devices: int) -> dict[str, str]:
    """Of a process with so many CPU devices that compiles as this one does."""
    compiling = os.environ.get("XLA_FLAGS", "")
    flags = f"{compiling} --xla_force_host_platform_device_count={devices} --xla_cpu_multi_thread_eigen=false"
    return os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}


class Started:
    """A function that runs in a process of its own: what `subprocess.Popen` tells, of what is no command."""

    def __init__(self, devices: int, function: Callable[..., Any], arguments: dict[str, Any]):
        self._folder = tempfile.TemporaryDirectory(prefix="sm-jax-test-")
        self._out, self._err = (pathlib.Path(self._folder.name) / name for name in ("out", "err"))
        self._process = FORKS.Process(
            target=_run,
            args=(environment(devices), self._out, self._err, pickle.dumps((function, arguments))),
            daemon=True,
        )
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """None while it runs; minus the signal that ended it."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """As `os.kill`."""
        pid = self._process.pid
        assert pid is not None
        os.kill(pid, number)

    def complaints(self, timeout: float = 300) -> str:
        """What it has written to its standard error when it has ended."""
        self._process.join(timeout)
        if self._process.is_alive():
            self._process.kill()
            raise TimeoutError(f"it runs for more than {timeout} s: {self._err.read_text()[-2000:]}")
        return self._err.read_text()

    def result(self) -> Any:
        """What the function returns. Fails with what it complains of."""
        complaints = self.complaints()
        assert self.returncode == 0, complaints[-3000:]
        return json.loads(self._out.read_text())


def start(devices: int, function: Callable[..., Any], **arguments: Any) -> Started:
    """A function of a module, whose result JSON can hold, in a process with so many CPU devices."""
    return Started(devices, function, arguments)


def _run(environment: dict[str, str], out: pathlib.Path, err: pathlib.Path, call: bytes) -> None:
    os.dup2(os.open(err, os.O_WRONLY | os.O_CREAT), 2)
    os.environ |= environment  # read when the devices are asked for, which loading the function's module may do
    jax.config.update("jax_platforms", "cpu")
    function, arguments = pickle.loads(call)
    try:
        out.write_text(json.dumps(function(**arguments)))
    except UserError as fault:  # as `train.command` does
        sys.exit(str(fault))


def wait_until(condition: Callable[[], bool], process: Started) -> None:
    """Look every few milliseconds, as long as the process runs."""
    while not condition():
        assert process.returncode is None, process.complaints()[-2000:]
        time.sleep(0.005)
