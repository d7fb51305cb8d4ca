"""Trainings that need a process of their own, because of its devices or because it is killed.

Each is a function in `tests.processes.start`; `python -m tests.train.programs JSON` is `training` from a shell.
"""

import dataclasses
import itertools
import json
import pathlib
import re
import socket
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from configs import tiny
from sm_jax.diffusion.schedule import cosine
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.state import D
from sm_jax.nets.infiller import Infiller
from sm_jax.train import infilled_windows, parallel
from sm_jax.train.config import InfillerTraining
from sm_jax.train.examples import TrainContext
from sm_jax.train.loop import train
from sm_jax.train.state import TrainState, create, make_optimiser
from sm_jax.train.step import Loss, infiller_loss, make_step
from tests.processes import Started, start

BATCH = 8


def pair(**arguments: Any) -> list[Started]:
    """One training by two processes with a device each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    return [start(1, training, coordinator=address, processes=2, process_id=i, **arguments) for i in range(2)]


def steps_logged(folder: pathlib.Path) -> int:
    log = folder / "log.jsonl"
    return log.read_text().count("\n") if log.exists() else 0


def same_bits(one: pathlib.Path, other: pathlib.Path) -> None:
    with np.load(one / "final_0.npz") as a, np.load(other / "final_0.npz") as b:
        assert a.files == b.files
        for name in a.files:
            assert a[name].tobytes() == b[name].tobytes()


def configuration(steps: int, save_every: int) -> InfillerTraining:
    data = dataclasses.replace(tiny.INFILLER.data, batch=BATCH)
    changes = {"validate_every": steps, "checkpoint_every": save_every, "writers": (), "data": data}
    return dataclasses.replace(tiny.INFILLER, steps=steps, **changes)


def world() -> TrainContext:
    """Without a body, which only simulation needs."""
    statistics = Statistics(mean=np.zeros(D, np.float32), std=np.full(D, 0.5, np.float32))
    alpha_bar: Any = jnp.asarray(cosine())
    return TrainContext(key=jax.random.key(0), body=None, statistics=statistics, alpha_bar=alpha_bar)  # pyrefly: ignore[bad-argument-type]


def toy_loss() -> Loss:
    """A small regression."""

    def loss(params, world, batch, step):
        found = jnp.tanh(batch["x"] @ params["into"]) @ params["out"]
        return jnp.square(found - batch["y"]).mean(), {"size": jnp.abs(found).mean()}

    return loss


def toy_batch(number: int) -> dict[str, np.ndarray]:
    x = np.random.default_rng(number).normal(size=(BATCH, 32)).astype(np.float32)
    return {"x": x, "y": np.sin(x[:, :4])}


def toy_params() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {"into": rng.normal(size=(32, 64)).astype(np.float32) / 6, "out": np.zeros((64, 4), np.float32)}


def task(config: InfillerTraining, examples: str) -> tuple[Loss, Any, Any]:
    """Loss, weights and the function from a number to its batch: of the infiller on stored examples, or of the toy."""
    if not examples:
        return toy_loss(), toy_params(), toy_batch
    _, stored = infilled_windows.load(pathlib.Path(examples), "test")
    rows = np.arange(BATCH) % len(stored.number)
    batch = jax.tree.map(lambda x: x[rows], stored)
    batch = dataclasses.replace(batch, number=np.arange(BATCH, dtype=np.int32))
    net, t = Infiller(config.net), jnp.zeros(BATCH, jnp.int32)
    params = jax.jit(net.init)(jax.random.key(0), batch.x0, t, batch.conditions)["params"]
    moved = lambda n: dataclasses.replace(batch, number=batch.number + n * BATCH)  # noqa: E731
    return infiller_loss(config), params, moved


def run(
    folder: str, steps: int = 6, save_every: int = 2, resume: bool = False, examples: str = ""
) -> tuple[TrainState, list[float]]:
    """A training to its end, through the real loop: the state and the losses in its log."""
    config = configuration(steps, save_every)
    loss, params, batch = task(config, examples)
    optimiser = make_optimiser(config.optimiser, steps)
    part = BATCH // jax.process_count()
    own = slice(jax.process_index() * part, (jax.process_index() + 1) * part)
    state = train(
        config,
        make_step(loss, optimiser, config.optimiser.ema),
        create(params, optimiser),
        world(),
        lambda first: (jax.tree.map(lambda x: x[own], batch(n)) for n in itertools.count(first)),
        lambda _, raw: raw,
        pathlib.Path(folder),
        resume=resume,
    )
    lines = map(json.loads, (pathlib.Path(folder) / "log.jsonl").read_text().splitlines())
    return state, [line["loss"] for line in lines]


def training(coordinator: str = "", processes: int | None = None, process_id: int | None = None, **arguments) -> Any:
    """Losses, and a file of the final state, from one of some processes."""
    parallel.join_hosts(coordinator, processes, process_id)
    state, losses = run(**arguments)
    file = pathlib.Path(arguments["folder"]) / f"final_{jax.process_index()}.npz"
    np.savez(file, *jax.tree.leaves(state))
    return {"losses": losses, "devices": jax.device_count(), "steps": int(state.step)}


def eight(examples: str) -> Any:
    """The infiller's step on all devices beside the same on one: largest difference of the weights and their moments
    after three steps, and the all-reduces in the compiled program."""
    config = configuration(100, 100)
    loss, params, batch = task(config, examples)
    optimiser = make_optimiser(config.optimiser, 100)
    step = make_step(loss, optimiser, config.optimiser.ema)
    many, one = parallel.parallelise(step), jax.pmap(step, axis_name="data", devices=jax.devices()[:1])
    joined, alone = create(params, optimiser), jax.tree.map(lambda x: jnp.asarray(x)[None], create(params, optimiser))
    state, everywhere = parallel.replicate(joined), parallel.replicate(world())
    here = jax.tree.map(lambda x: jnp.asarray(x)[None], world())
    text = many.lower(state, everywhere, parallel.split(batch(0))).compile().as_text()  # pyrefly: ignore[missing-attribute]
    metrics = single = {}
    for number in range(3):
        state, metrics = many(state, everywhere, parallel.split(batch(number)))
        alone, single = one(alone, here, jax.tree.map(lambda x: x[None], batch(number)))
    pairs = zip(jax.tree.leaves(parallel.unreplicate(state)), jax.tree.leaves(alone), strict=True)
    return {
        "difference": max(float(jnp.abs(a - b[0]).max()) for a, b in pairs),
        "losses": [float(parallel.unreplicate(metrics)["loss"]), float(single["loss"][0])],
        "all_reduces": len(re.findall(r" all-reduce(?:-start)?\(", text)),
        "devices": jax.device_count(),
    }


if __name__ == "__main__":
    try:
        print(json.dumps(training(**json.loads(sys.argv[1]))))
    except UserError as fault:  # as `train.command` does
        sys.exit(str(fault))
