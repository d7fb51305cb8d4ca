"""What the training programs share: data, statistics and held-out windows of a run, and facts for the weights."""

import dataclasses
import json
import pathlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.assets.cache import cache_folder
from sm_jax.body.io import load_body
from sm_jax.data.augment import source_frames
from sm_jax.data.codec import Record
from sm_jax.data.store import open_set
from sm_jax.diffusion.schedule import cosine
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics, combine
from sm_jax.motion.resample import FPS
from sm_jax.nets.weights import NetConfig, NetworkWeights, load_weights, save_weights
from sm_jax.synthetic.body_variants import library
from sm_jax.text.encoder import TextEncoder
from sm_jax.train import parallel
from sm_jax.train.checkpoint import run_facts
from sm_jax.train.config import DataConfig, TrainConfig, differences, to_dict
from sm_jax.train.examples import Example, RawBatch, TrainContext, WindowSource, make_examples
from sm_jax.train.state import TrainState
from sm_jax.train.windows import DescribedWindows

BODY = "open-low"
_HELD_OUT = 32
_LIBRARY_SEED, _HELD_OUT_SEED = 0, 1


Observe = Callable[[TrainContext, RawBatch], Example]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainData:
    """A training's data. observe: compiled once, for all devices, since the simulation compiles for a minute.
    text_encoder: name and hash, for the weights' facts."""

    world: TrainContext
    windows: DescribedWindows
    held_out: Example
    observe: Observe
    text_encoder: dict[str, str]


def load_train_data(config: TrainConfig, statistics: Statistics | None = None) -> TrainData:
    """The sets of a configuration: training windows on random bodies, and held-out examples. Their texts need `minilm`.

    statistics: those of the infiller, where there is one already; else those stored with the sets. Held out are the
    validation splits of the same sets. Raises UserError for sets that are not there or do not fit together.
    """
    body, encoder, data = load_body(BODY), TextEncoder.load(), config.data
    shares, variants = (_for_each_set(data, name) for name in ("shares", "variants"))
    sets = [open_set(name) for name in data.sets]
    bodies = {str(record["body"]) for s in sets for records in s.records.values() for record in records}
    if bodies - {BODY}:
        raise UserError(f"sets on the body {', '.join(bodies - {BODY})}: prepare them on {BODY}, which training uses")
    rates = {float(record["fps"]) for s in sets for records in s.records.values() for record in records}
    if rates - {FPS}:
        odd = ", ".join(f"{rate:g}" for rate in sorted(rates - {FPS}))
        raise UserError(f"sets of {odd} frames a second: prepare them at {FPS:g}, which training uses")
    if statistics is None:
        statistics = combine([(s.statistics, share) for s, share in zip(sets, shares, strict=True)])
    world = TrainContext(
        key=jax.random.key(config.seed), body=body, statistics=statistics, alpha_bar=jnp.asarray(cosine())
    )

    for split in ("train", "val"):
        if not any(len(s.records.get(split, ())) for s in sets):
            raise UserError(
                f"none of data.sets has a split {split}: prepare sequences with it, or add salsa to the sets"
            )

    def windows(
        records: Sequence[Sequence[Record]], seed: int, dropout: float, wrong: float, *part: int, **made: float
    ) -> DescribedWindows:
        given = [(found, share) for found, share in zip(records, shares, strict=True) if len(found)]
        return DescribedWindows(
            given, source_frames(data.frames), data.batch, seed, body, encoder, dropout, wrong, *part, **made
        )

    observe = parallel.parallelise_examples(partial(make_examples, data=data, simulator=config.simulator))
    held_out = windows([s.records.get("val", ()) for s in sets], _HELD_OUT_SEED, 0.0, 0.0)
    held_out = observe_batches(observe, world, held_out, _HELD_OUT)
    records = [
        library(body, s.records.get("train", ()), count, _LIBRARY_SEED, cache_folder() / "bodies")
        for s, count in zip(sets, variants, strict=True)
    ]
    texts = data.text_dropout, data.text_wrong
    processes = jax.process_index(), jax.process_count()
    train = windows(records, config.seed, *texts, *processes, placed=data.placed, mixed=data.mixed)
    identity = {"text_encoder": encoder.name, "text_encoder_sha256": encoder.sha256}
    return TrainData(world=world, windows=train, held_out=held_out, observe=observe, text_encoder=identity)


def _for_each_set(data: DataConfig, name: str) -> tuple[Any, ...]:
    """The values of `shares` or `variants`, one for each set: a single one serves all. Raises UserError otherwise."""
    values = getattr(data, name)
    if len(values) not in (1, len(data.sets)):
        counts = f"{len(data.sets)} data.sets, {len(values)} data.{name}"
        raise UserError(f"{counts}: give one for each set, or a single one for all")
    return values * (len(data.sets) // len(values))


def starting_weights(
    config: TrainConfig, net: NetConfig, statistics: Statistics | None = None
) -> NetworkWeights | None:
    """The weights that a training starts from, if it names any.

    Raises UserError if they are of another network, or were trained on states normalised by other `statistics`.
    """
    if not config.start:
        return None
    weights = load_weights(pathlib.Path(config.start))
    if weights.config != net:
        odd = differences(to_dict(net), to_dict(weights.config))
        raise UserError(f"{config.start} holds weights of another network ({'; '.join(odd) or 'another kind'})")
    if statistics is not None and not _same(weights.statistics, statistics):
        raise UserError(f"{config.start} was trained with other statistics than the infiller: start from nothing")
    return weights


def _same(a: Statistics, b: Statistics) -> bool:
    return np.array_equal(a.mean, b.mean) and np.array_equal(a.std, b.std)


def observe_batches(observe: Observe, world: TrainContext, windows: WindowSource, count: int) -> Example:
    """The examples of the first batches, as many as hold `count`, as host arrays [N]."""
    everywhere, parts = parallel.replicate(world), []
    while sum(len(part.number) for part in parts) < count:
        parts.append(parallel.join(observe(everywhere, parallel.split(windows(len(parts))))))
    return jax.tree.map(lambda *x: np.concatenate(x), *parts)


def facts(config: TrainConfig, state: TrainState, world: TrainContext, validation: dict[str, float]) -> dict[str, Any]:
    """What the weights file says of its training."""
    run = run_facts(config, world.statistics)
    del run["statistics"]  # the file holds them already
    return {**run, "steps": int(state.step), "body": BODY, "validation": validation}


def finish(
    config: TrainConfig,
    net: NetConfig,
    state: TrainState,
    world: TrainContext,
    validation: dict[str, float],
    out: pathlib.Path,
    **more: Any,
) -> None:
    """Write OUT/weights.npz, once for all processes, and show how good they are. more: facts to add."""
    if parallel.is_first():
        said = facts(config, state, world, validation) | more
        save_weights(out / "weights.npz", state.ema, net, world.statistics, said)
        print(json.dumps(validation, indent=1))
