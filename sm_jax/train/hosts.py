"""Joining the processes of a training that runs on several hosts."""

import os

import jax
from jax.experimental import multihost_utils

from sm_jax.errors import UserError

AUTO = "auto"


def join(coordinator: str = "", processes: int | None = None, process_id: int | None = None) -> None:
    """Make this process one of a training's, before anything touches a device. Does nothing where there is only one.

    coordinator: HOST:PORT of process 0, the same in every process; `auto` lets JAX find the cluster (Slurm, Open MPI,
    Kubernetes, TPU pods). What is not given is taken from the environment: JAX_COORDINATOR_ADDRESS,
    JAX_NUM_PROCESSES, JAX_PROCESS_ID. Raises UserError for an incomplete set and when the others cannot be reached.
    """
    coordinator = coordinator or os.environ.get("JAX_COORDINATOR_ADDRESS", "")
    processes = _number("JAX_NUM_PROCESSES") if processes is None else processes
    process_id = _number("JAX_PROCESS_ID") if process_id is None else process_id
    if not coordinator:
        if processes is None and process_id is None:
            return
        raise UserError("several processes need a coordinator: pass --coordinator HOST:PORT, or auto on a cluster")
    address = None if coordinator == AUTO else coordinator
    try:
        jax.distributed.initialize(address, processes, process_id)
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        hint = "pass --coordinator HOST:PORT --processes N --process-id I"
        raise UserError(f"cannot join the training at {coordinator} ({reason}): {hint}") from error


def is_first() -> bool:
    """Whether this process is the one that writes."""
    return jax.process_index() == 0


def wait_for_all(what: str) -> None:
    """Return once every process has come here."""
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices(what)


def _number(name: str) -> int | None:
    value = os.environ.get(name)
    if value is None:
        return None
    if not value.isdigit():
        raise UserError(f"{name} is {value!r} in the environment: it has to be a number")
    return int(value)
