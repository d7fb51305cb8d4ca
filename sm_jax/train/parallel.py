"""The same step on every local device: the state is replicated, the batch is split."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from flax import jax_utils

from sm_jax.errors import UserError
from sm_jax.train.examples import World
from sm_jax.train.step import AXIS, Step


def parallelise(step: Step) -> Step:
    """Compile a step for all local devices. State, world and batch then carry a leading device axis."""
    return jax.pmap(step, axis_name=AXIS, donate_argnums=0)


def parallelise_examples(make: Callable[[World, Any], Any]) -> Callable[[World, Any], Any]:
    """Compile what turns raw batches into a step's batches. World and batch then carry a leading device axis."""
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
