"""Checkpoints of a run: averaged weights for inference, the full state for resuming, and what made them."""

import json
import pathlib
import subprocess
from typing import Any

import flax
import jax
import numpy as np
import orbax.checkpoint as ocp

import sm_jax
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics
from sm_jax.train.config import TrainConfig, differences, to_dict
from sm_jax.train.state import TrainState

META = "run.json"


class Checkpoints:
    """The checkpoints in one folder, which belongs to one configuration.

    Raises UserError if the folder holds a run of another configuration, naming the differences, or if it holds a run
    and neither `resume` nor an empty folder was asked for.
    """

    def __init__(self, folder: pathlib.Path, config: TrainConfig, statistics: Statistics, resume: bool):
        self._meta = run_facts(config, statistics)
        folder = folder.absolute()
        meta_path = folder / META
        if meta_path.exists():
            _check_same(meta_path, self._meta, resume)
        folder.mkdir(parents=True, exist_ok=True)
        meta_path.write_text(json.dumps(self._meta, indent=1) + "\n")
        self._manager = ocp.CheckpointManager(folder, options=ocp.CheckpointManagerOptions(max_to_keep=2, create=True))

    @property
    def latest(self) -> int | None:
        """Number of steps done at the newest checkpoint."""
        return self._manager.latest_step()

    def save(self, state: TrainState) -> None:
        """Write a checkpoint in the background. Batches follow from the step, so it is also the data position."""
        step = int(state.step)
        if step == self.latest:
            return
        args = ocp.args.Composite(
            params=ocp.args.StandardSave(state.ema),
            state=ocp.args.StandardSave({"params": state.params, "optimiser": state.optimiser, "step": state.step}),
            meta=ocp.args.JsonSave(self._meta | {"data_position": step}),
        )
        self._manager.save(step, args=args)

    def restore(self, state: TrainState) -> TrainState:
        """The newest checkpoint, in the shape of `state`; `state` itself where there is none."""
        if self.latest is None:
            return state
        rest = {"params": state.params, "optimiser": state.optimiser, "step": state.step}
        args = ocp.args.Composite(
            params=ocp.args.StandardRestore(jax.tree.map(np.asarray, state.ema)),
            state=ocp.args.StandardRestore(jax.tree.map(np.asarray, rest)),
        )
        found = self._manager.restore(self.latest, args=args)
        return TrainState(ema=found["params"], **found["state"])

    def close(self) -> None:
        """Wait until everything is written."""
        self._manager.wait_until_finished()
        self._manager.close()


def run_facts(config: TrainConfig, statistics: Statistics) -> dict[str, Any]:
    """What made a run: configuration, statistics, versions and commit."""
    return {
        "kind": type(config).__name__,
        "config": to_dict(config),
        "statistics": {"mean": np.asarray(statistics.mean).tolist(), "std": np.asarray(statistics.std).tolist()},
        "versions": {"sm_jax": sm_jax.__version__, "jax": jax.__version__, "flax": flax.__version__},
        "commit": git_commit(),
    }


def git_commit() -> str:
    """Commit of the source tree, with `+` if it was changed; `unknown` outside a repository."""
    here = pathlib.Path(__file__).parent
    answers = []
    for command in (["git", "rev-parse", "--short=12", "HEAD"], ["git", "status", "--porcelain", "--", "."]):
        try:
            answers.append(subprocess.run(command, cwd=here, capture_output=True, text=True, check=True).stdout.strip())
        except (OSError, subprocess.CalledProcessError):
            return "unknown"
    return answers[0] + ("+" if answers[1] else "")


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
