"""Checkpoints of a run: its weights, what the optimiser and the average know, and what made them.

Arrays are stored as one device holds them, so a run goes on with any number of devices and processes.
"""

import json
import pathlib
from typing import Any

import flax
import jax
import numpy as np
import orbax.checkpoint as ocp

import sm_jax
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics
from sm_jax.pipeline.provenance import code_version
from sm_jax.train import parallel
from sm_jax.train.config import TrainConfig, differences, to_dict
from sm_jax.train.state import TrainState

META = "run.json"


class Checkpoints:
    """The checkpoints in one folder, which belongs to one configuration.

    Raises UserError if the folder holds a run of another configuration, naming the differences, or if it holds a run
    and neither `resume` nor an empty folder was asked for.
    """

    def __init__(self, folder: pathlib.Path, config: TrainConfig, statistics: Statistics, resume: bool):
        self._meta, self._data_echo = run_facts(config, statistics), config.data.data_echo
        folder = folder.absolute()
        meta_path = folder / META
        if meta_path.exists():
            _check_same(meta_path, self._meta, resume)
        parallel.wait_for_all("every process has looked at the folder")
        if parallel.is_first():
            folder.mkdir(parents=True, exist_ok=True)
            partial = meta_path.with_suffix(".partial")
            partial.write_text(json.dumps(self._meta, indent=1) + "\n")
            partial.replace(meta_path)  # at once, or a killed process would leave half a file
        parallel.wait_for_all("the folder is there")
        self._manager = ocp.CheckpointManager(folder, options=ocp.CheckpointManagerOptions(max_to_keep=2))

    @property
    def latest(self) -> int | None:
        """Number of steps done at the newest checkpoint."""
        return self._manager.latest_step()

    def save(self, state: TrainState) -> None:
        """Write a checkpoint in the background, once for all processes. state: host arrays.

        Batches follow from the number of steps, so the data position is for the reader alone.
        """
        step = int(state.step)
        if step == self.latest:
            return
        params, rest = _items(state)
        args = ocp.args.Composite(
            params=ocp.args.StandardSave(params),
            optimiser=ocp.args.StandardSave(rest),
            meta=ocp.args.JsonSave(self._meta | {"data_position": step // self._data_echo}),
        )
        self._manager.save(step, args=args)

    def restore(self, state: TrainState) -> TrainState:
        """The newest checkpoint, in the shape of `state`; `state` itself where there is none."""
        if self.latest is None:
            return state
        params, rest = (ocp.args.StandardRestore(jax.tree.map(np.asarray, item)) for item in _items(state))
        found = self._manager.restore(self.latest, args=ocp.args.Composite(params=params, optimiser=rest))
        return TrainState(params=found["params"], **found["optimiser"])

    def close(self) -> None:
        """Wait until everything is written."""
        self._manager.wait_until_finished()
        self._manager.close()


def _items(state: TrainState) -> tuple[Any, dict[str, Any]]:
    """The weights, and everything else that changes."""
    return state.params, {"step": state.step, "ema": state.ema, "optimiser": state.optimiser}


def run_facts(config: TrainConfig, statistics: Statistics) -> dict[str, Any]:
    """What made a run: configuration, statistics, versions and code."""
    return {
        "kind": type(config).__name__,
        "config": to_dict(config),
        "statistics": {"mean": np.asarray(statistics.mean).tolist(), "std": np.asarray(statistics.std).tolist()},
        "device": f"{jax.device_count()} x {jax.devices()[0].device_kind}, {jax.process_count()} processes",
        "versions": {"sm_jax": sm_jax.__version__, "jax": jax.__version__, "flax": flax.__version__},
        "commit": code_version(),
    }


def _check_same(path: pathlib.Path, meta: dict[str, Any], resume: bool) -> None:
    if not resume:
        raise UserError(f"{path.parent} already holds a run: pass --resume to continue it, or name another folder")
    try:
        found = json.loads(path.read_text())
        odd = differences({"kind": meta["kind"], **meta["config"]}, {"kind": found["kind"], **found["config"]})
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged ({error}): name another folder") from error
    if odd:
        raise UserError(f"{path.parent} holds a run of another configuration ({'; '.join(odd)}): name another folder")
    if found["statistics"] != meta["statistics"]:
        raise UserError(f"{path.parent} holds a run on other data (its statistics differ): name another folder")
