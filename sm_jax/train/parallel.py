"""The same step on every local device: the state is replicated, the batch is split."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np
from flax import jax_utils
from jax.experimental import multihost_utils

from sm_jax.errors import UserError
from sm_jax.train.step import AXIS, Step


def parallelise(step: Step) -> Step:
    """Compile a step for all local devices. State, world and batch then carry a leading device axis."""
    return jax.pmap(step, axis_name=AXIS, donate_argnums=0)


Shared = TypeVar("Shared")


def parallelise_examples(make: Callable[[Shared, Any], Any]) -> Callable[[Shared, Any], Any]:
    """Compile what turns one batch into another, with what all batches share, such as the TrainContext. Both then carry
    a leading device axis."""
    return jax.pmap(make, axis_name=AXIS)


def join(batch: Any) -> Any:
    """The inverse of `split`: [devices, B / devices, ...] → host arrays [B, ...]."""
    return jax.tree.map(lambda x: np.asarray(x).reshape(-1, *x.shape[2:]), batch)


def replicate(tree: Any) -> Any:
    """A copy on every local device."""
    return jax_utils.replicate(tree, axis_name=AXIS)


def unreplicate(tree: Any) -> Any:
    """The first device's copy. Reading the shard is far cheaper than indexing the replicated array."""
    return jax.tree.map(lambda x: x.addressable_shards[0].data[0], tree)


def split(batch: Any) -> Any:
    """Host arrays [B, ...] → [devices, B / devices, ...]. Raises UserError if B does not divide."""
    devices = jax.local_device_count()

    def one(x: Any) -> np.ndarray:
        x = np.asarray(x)
        if x.shape[0] % devices:
            raise UserError(f"a batch of {x.shape[0]} does not divide over {devices} devices: change data.batch")
        return x.reshape(devices, x.shape[0] // devices, *x.shape[1:])

    return jax.tree.map(one, batch)


# Joining the processes of a training that runs on several hosts.


AUTO = "auto"


def join_hosts(coordinator: str = "", processes: int | None = None, process_id: int | None = None) -> None:
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
