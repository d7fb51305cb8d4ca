"""A training on windows of the packaged takes, without texts, in parts that can be timed."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body.assets import load_body
from sm_jax.data.augment import source_frames
from sm_jax.data.loader import WindowLoader
from sm_jax.data.sets import open_set
from sm_jax.diffusion.schedule import cosine
from sm_jax.motion.conditions import TextEmbedding
from sm_jax.nets.infiller import Infiller
from sm_jax.text.contacts import CAPACITY
from sm_jax.train import parallel
from sm_jax.train.config import InfillerTraining
from sm_jax.train.examples import Example, Windows, World
from sm_jax.train.optimiser import make
from sm_jax.train.state import create
from sm_jax.train.step import infiller_loss, make_step
from sm_jax.types import ContactTargets


def world(seed: int) -> World:
    """What examples need, with the statistics of the packaged takes."""
    statistics, alpha_bar = open_set("salsa").statistics, jnp.asarray(cosine())
    return World(key=jax.random.key(seed), body=load_body(), statistics=statistics, alpha_bar=alpha_bar)


def windows(frames: int, batch: int, seed: int) -> Windows:
    """One batch, as long as the fastest play of `frames` frames needs."""
    records, length = open_set("salsa").records["train"], source_frames(frames)
    chosen = WindowLoader([(records, 1.0)], length, batch, seed).windows(0)
    cut = lambda name: np.stack([records[w.record][name][w.start : w.start + length] for w in chosen])  # noqa: E731
    masks = np.zeros((batch, CAPACITY, 22), np.float32)
    return Windows(
        rotations=np.moveaxis(cut("rotations"), 2, 1),
        pelvis=np.moveaxis(cut("pelvis"), 2, 1),
        betas=np.stack([records[w.record]["betas"].T for w in chosen]),
        present=np.ones((batch, 2), np.float32),
        contacts=ContactTargets(mask_a=masks, mask_b=masks, weight=np.zeros((batch, CAPACITY, length), np.float32)),
        mirrored=np.arange(batch) % 2 == 0,
        exchanged=np.arange(batch) % 4 < 2,
        text=TextEmbedding(
            tokens=np.zeros((batch, 32, 384), np.float32),
            mask=np.zeros((batch, 32), np.float32),
            pooled=np.zeros((batch, 384), np.float32),
        ),
        number=np.arange(batch, dtype=np.int32),
    )


def trainer(config: InfillerTraining, world: World, example: Example) -> tuple[Callable[[], Any], int]:
    """A function that takes one training step, and the number of the network's parameters."""
    one = jax.tree.map(lambda x: x[0], example)
    t = jnp.zeros(one.number.shape, jnp.int32)
    params = jax.jit(Infiller(config.net).init)(jax.random.key(config.seed), one.x0, t, one.conditions)["params"]
    optimiser = make(config.optimiser, config.steps)
    step = parallel.parallelise(
        make_step(infiller_loss(config), optimiser, config.optimiser.ema, config.compute.microbatch)
    )
    state, replicated = parallel.replicate(create(params, optimiser)), parallel.replicate(world)

    def once() -> Any:
        nonlocal state
        state, metrics = step(state, replicated, example)
        return metrics

    return once, sum(leaf.size for leaf in jax.tree.leaves(params))
