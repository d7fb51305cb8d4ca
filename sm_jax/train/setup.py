"""What the training programs share: data, statistics and held-out windows of a run, and facts for the weights."""

import dataclasses
import pathlib
import sys
from collections.abc import Callable
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
from sm_jax.train.checkpoint import run_facts
from sm_jax.train.config import TrainConfig
from sm_jax.train.examples import Example, WindowSource, World, make_examples
from sm_jax.train.state import TrainState
from sm_jax.train.windows import DescribedWindows

BODY, TEXT_ENCODER = "open-low", "all-MiniLM-L6-v2"
_STATISTICS_BATCHES, _HELD_OUT = 16, 32
_HELD_OUT_SEED = 1


def salsa(config: TrainConfig, statistics: Statistics | None = None) -> tuple[World, WindowSource, Example]:
    """The world, the training windows and held-out examples of the packaged takes, whose texts need `minilm`.

    statistics: those of the infiller, where there is one already; else they are fitted.
    """
    body, encoder, frames = load_body(BODY), TextEncoder.load(), source_frames(config.data.frames)
    takes = load_salsa("train")
    if config.data.variants:
        takes = library(body, takes, config.data.variants, config.seed, cache_folder() / "salsa-train")
    source = DescribedWindows(takes, frames, config.data.batch, config.seed, body, encoder)
    plain = Statistics(mean=np.zeros(D, np.float32), std=np.ones(D, np.float32))
    world = World(key=jax.random.key(config.seed), body=body, statistics=plain, alpha_bar=jnp.asarray(cosine()))
    world = dataclasses.replace(world, statistics=statistics or _statistics(world, source, config.data.frames))
    held_out = DescribedWindows(load_salsa("val"), frames, _HELD_OUT, _HELD_OUT_SEED, body, encoder)
    observe = jax.jit(lambda world, windows: make_examples(world, windows, config.data.frames, 0.0, varied=False))
    return world, source, observe(world, held_out(0))


def _statistics(world: World, source: WindowSource, frames: int) -> Statistics:
    """Statistics of true states: those of the first batches of training, in their pair frames."""
    make = jax.jit(lambda world, windows: make_examples(world, windows, frames, 0.0).x0)
    return fit(np.concatenate([np.asarray(make(world, source(i))) for i in range(_STATISTICS_BATCHES)]))


def facts(config: TrainConfig, state: TrainState, world: World, validation: dict[str, float]) -> dict[str, Any]:
    """What the weights file says of its training."""
    run = run_facts(config, world.statistics)
    del run["statistics"]  # the file holds them already
    return {**run, "steps": int(state.step), "body": BODY, "text_encoder": TEXT_ENCODER, "validation": validation}


def command(main: Callable[[Any, pathlib.Path, bool], None], sizes: dict[str, Any]) -> None:
    """Run a training program from the command line: `--out FOLDER [--resume] SIZE [--any.value ...]`."""
    sized = tyro.extras.subcommand_type_from_defaults(sizes, prefix_names=False)

    def program(config: sized, out: pathlib.Path, resume: bool = False) -> None:
        jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
        main(config, out, resume)

    try:
        tyro.cli(program, description=__import__("__main__").__doc__, config=(tyro.conf.OmitSubcommandPrefixes,))
    except UserError as error:
        sys.exit(str(error))
