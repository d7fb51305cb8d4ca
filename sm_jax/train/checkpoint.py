"""Checkpoints of a run: its weights, what the optimiser and the average know, and what made them.

Arrays are stored as one device holds them, so a run goes on with any number of devices and processes.
"""

import hashlib
import json
import pathlib
import sys
from typing import Any

import flax
import jax
import numpy as np
import orbax.checkpoint as ocp

import sm_jax
from sm_jax.assets.files import make_folder, replacing
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics
from sm_jax.pipeline.provenance import code_version
from sm_jax.train import parallel
from sm_jax.train.config import TrainConfig, differences, to_dict
from sm_jax.train.output import META, check_folder, check_room
from sm_jax.train.state import TrainState


class Checkpoints:
    """The checkpoints in one folder, which belongs to one configuration.

    Raises UserError if the folder holds a run of another configuration, naming the differences, if it holds a run
    and neither `resume` nor an empty folder was asked for, and if it cannot be written.
    """

    def __init__(self, folder: pathlib.Path, config: TrainConfig, statistics: Statistics, resume: bool):
        self._meta, self._data_echo = run_facts(config, statistics), config.data.data_echo
        self._folder = folder = folder.absolute()
        check_folder(folder, resume)
        meta_path = folder / META
        if meta_path.exists():
            _check_same(meta_path, self._meta)
        parallel.wait_for_all("every process has looked at the folder")
        if parallel.is_first():
            make_folder(folder)
            with replacing(meta_path) as partial:
                partial.write_text(json.dumps(self._meta, indent=1) + "\n")
        parallel.wait_for_all("the folder is there")
        self._manager = ocp.CheckpointManager(folder, options=ocp.CheckpointManagerOptions(max_to_keep=2))

    @property
    def latest(self) -> int | None:
        """Number of steps done at the newest checkpoint."""
        return self._manager.latest_step()

    def save(self, state: TrainState) -> None:
        """Write a checkpoint in the background, once for all processes. state: host arrays.

        Batches follow from the number of steps, so the data position is for the reader alone. Raises UserError where
        there is no room for it, or where the one before could not be written.
        """
        step = int(state.step)
        if step == self.latest:
            return
        self._finish()
        params, rest = _items(state)
        if parallel.is_first():
            check_room(self._folder, sum(leaf.nbytes for leaf in jax.tree.leaves((params, rest))))
        facts = {"data_position": step // self._data_echo, "digest": _digest(state)}
        args = ocp.args.Composite(
            params=ocp.args.StandardSave(params),
            optimiser=ocp.args.StandardSave(rest),
            meta=ocp.args.JsonSave(self._meta | facts),
        )
        self._manager.save(step, args=args)

    def restore(self, state: TrainState) -> TrainState:
        """The newest whole checkpoint, in the shape of `state`; `state` itself where there is none at all.

        Damaged ones that are newer are put aside, and named. Raises UserError if all are damaged.
        """
        damaged: dict[int, str] = {}
        for step in sorted(self._manager.all_steps(), reverse=True):
            try:
                found = self._read(step, state)
            except Exception as error:  # a file that is cut, changed or gone is reported in a dozen ways
                damaged[step] = " ".join(str(error).split())[:120]
                continue
            self._put_aside(damaged, f"going on from step {step}")
            return found
        if damaged:
            why = "; ".join(f"{step}: {reason}" for step, reason in damaged.items())
            raise UserError(f"every checkpoint in {self._folder} is damaged ({why}): name another folder")
        return state

    def close(self) -> None:
        """Wait until everything is written. Raises UserError if it cannot be."""
        try:
            self._finish()
        finally:
            self._manager.close()

    def _read(self, step: int, state: TrainState) -> TrainState:
        """One checkpoint. Raises what Orbax does, and ValueError for arrays other than those that were saved."""
        params, rest = (ocp.args.StandardRestore(jax.tree.map(np.asarray, item)) for item in _items(state))
        args = ocp.args.Composite(params=params, optimiser=rest, meta=ocp.args.JsonRestore())
        found = self._manager.restore(step, args=args)
        whole = TrainState(params=found["params"], **found["optimiser"])
        if int(whole.step) != step or _digest(whole) != found["meta"]["digest"]:
            raise ValueError("its numbers are not those that were saved")
        return whole

    def _put_aside(self, damaged: dict[int, str], outcome: str) -> None:
        """Make room for the steps that will be done again. Nothing is deleted."""
        if not damaged:
            return
        parallel.wait_for_all("every process has found the damage")
        if parallel.is_first():
            for step, reason in damaged.items():
                aside = _unused(self._folder / f"damaged_{step}")
                (self._folder / str(step)).rename(aside)
                said = f"checkpoint {step} is damaged ({reason}) and put aside as {aside.name}"
                print(f"{self._folder}: {said}; {outcome}", file=sys.stderr, flush=True)
        parallel.wait_for_all("the damaged ones are put aside")
        self._manager.reload()

    def _finish(self) -> None:
        """Wait for the checkpoint that is being written."""
        try:
            self._manager.wait_until_finished()
        except Exception as error:  # a full disk has no class of its own in Orbax
            reason = " ".join(str(error).split())
            raise UserError(
                f"cannot write a checkpoint to {self._folder} ({reason[:120]}): free some space and go on with --resume"
            ) from error


def _items(state: TrainState) -> tuple[Any, dict[str, Any]]:
    """The weights, and everything else that changes."""
    return state.params, {"step": state.step, "ema": state.ema, "optimiser": state.optimiser}


def _digest(state: TrainState) -> str:
    """SHA-256 of every number: Orbax has no checksum of its arrays."""
    hashed = hashlib.sha256()
    for leaf in map(np.asarray, jax.tree.leaves(_items(state))):
        hashed.update(f"{leaf.dtype} {leaf.shape}".encode() + np.ascontiguousarray(leaf).tobytes())
    return hashed.hexdigest()


def _unused(path: pathlib.Path) -> pathlib.Path:
    """The path, or one with a number after it that is not taken."""
    names = [path, *(path.with_name(f"{path.name}_{number}") for number in range(2, 1000))]
    return next(each for each in names if not each.exists())


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


def _check_same(path: pathlib.Path, meta: dict[str, Any]) -> None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        odd = differences({"kind": meta["kind"], **meta["config"]}, {"kind": found["kind"], **found["config"]})
        statistics = found["statistics"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{path} is damaged ({error}): name another folder") from error
    if odd:
        raise UserError(f"{path.parent} holds a run of another configuration ({'; '.join(odd)}): name another folder")
    if statistics != meta["statistics"]:
        raise UserError(f"{path.parent} holds a run on other data (its statistics differ): name another folder")
