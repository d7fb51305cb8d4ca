"""What the training programs share: data, statistics and held-out windows of a run, and facts for the weights."""

import dataclasses
import pathlib
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import tyro

from sm_jax.body.assets import load_body
from sm_jax.data.augment import source_frames
from sm_jax.data.store import load_salsa
from sm_jax.diffusion.schedule import cosine
from sm_jax.errors import UserError
from sm_jax.fetch import cache_folder
from sm_jax.fitting.retarget import library
from sm_jax.motion.normalise import Statistics, fit
from sm_jax.motion.state import D
from sm_jax.text.encoder import TextEncoder
from sm_jax.train import parallel
from sm_jax.train.checkpoint import run_facts
from sm_jax.train.config import TrainConfig
from sm_jax.train.examples import Example, Windows, WindowSource, World, make_examples
from sm_jax.train.state import TrainState
from sm_jax.train.windows import DescribedWindows

BODY, TEXT_ENCODER = "open-low", "all-MiniLM-L6-v2"
_STATISTICS_WINDOWS, _HELD_OUT = 256, 32
_LIBRARY_SEED, _HELD_OUT_SEED = 0, 1


Observe = Callable[[World, Windows], Example]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Study:
    """A training's data. observe: compiled once, for all devices, since the simulation compiles for a minute."""

    world: World
    windows: DescribedWindows
    held_out: Example
    observe: Observe


def salsa(config: TrainConfig, statistics: Statistics | None = None) -> Study:
    """The packaged takes: training windows on random bodies, and held-out examples. Their texts need `minilm`.

    statistics: those of the infiller, where there is one already; else they are fitted.
    """
    body, encoder, data = load_body(BODY), TextEncoder.load(), config.data
    length = source_frames(data.frames)
    takes = load_salsa("train")
    if data.variants:
        takes = library(body, takes, data.variants, _LIBRARY_SEED, cache_folder() / "salsa-train")
    windows = DescribedWindows(takes, length, data.batch, config.seed, body, encoder, data.text_dropout)
    observe = parallel.parallelise_examples(partial(make_examples, frames=data.frames))
    plain = Statistics(mean=np.zeros(D, np.float32), std=np.ones(D, np.float32))
    world = World(key=jax.random.key(config.seed), body=body, statistics=plain, alpha_bar=jnp.asarray(cosine()))
    if statistics is None:
        statistics = fit(np.asarray(observed(observe, world, windows, _STATISTICS_WINDOWS).x0))
    world = dataclasses.replace(world, statistics=statistics)
    others = DescribedWindows(load_salsa("val"), length, data.batch, _HELD_OUT_SEED, body, encoder, dropout=0.0)
    held_out = observed(observe, world, others, _HELD_OUT)
    return Study(world=world, windows=windows, held_out=held_out, observe=observe)


def observed(observe: Observe, world: World, windows: WindowSource, count: int) -> Example:
    """The examples of the first batches, as many as hold `count`, as host arrays [N]."""
    everywhere, parts = parallel.replicate(world), []
    while sum(len(part.number) for part in parts) < count:
        parts.append(parallel.join(observe(everywhere, parallel.split(windows(len(parts))))))
    return jax.tree.map(lambda *x: np.concatenate(x), *parts)


def facts(config: TrainConfig, state: TrainState, world: World, validation: dict[str, float]) -> dict[str, Any]:
    """What the weights file says of its training."""
    run = run_facts(config, world.statistics)
    del run["statistics"]  # the file holds them already
    return {**run, "steps": int(state.step), "body": BODY, "text_encoder": TEXT_ENCODER, "validation": validation}


def command(main: Callable[[Any, pathlib.Path, bool], None], sizes: dict[str, Any]) -> None:
    """Run a training program from the command line: `--out FOLDER [--resume] SIZE [--any.value ...]`."""
    sized = tyro.extras.subcommand_type_from_defaults(sizes, prefix_names=False)

    def program(config: sized, out: pathlib.Path, resume: bool = False) -> None:  # pyright: ignore[reportInvalidTypeForm]
        jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
        main(config, out, resume)

    try:
        tyro.cli(program, description=__import__("__main__").__doc__, config=(tyro.conf.OmitSubcommandPrefixes,))
    except UserError as error:
        sys.exit(str(error))
