"""What the trained infiller makes of simulated windows, kept in one file: the refiner's training data."""

import dataclasses
import itertools
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict
from tqdm import tqdm

from sm_jax.assets.arrays import read_npz
from sm_jax.assets.files import make_folder, replacing
from sm_jax.errors import UserError
from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.weights import NetworkWeights, Params
from sm_jax.train import parallel
from sm_jax.train.config import RefinerTraining
from sm_jax.train.examples import Example, TrainContext
from sm_jax.train.validate import infill
from sm_jax.types import Array, Conditions, ContactTargets, TextEmbedding

Infilled = tuple[np.ndarray, Example]


def infill_examples(
    weights: NetworkWeights, examples: Example, world: TrainContext, config: RefinerTraining
) -> Infilled:
    """Samples [N, P, T, D] of the infiller for N examples, and the examples, without their texts. On all devices."""
    if not isinstance(weights.config, InfillerConfig):
        raise UserError("these are the weights of a refiner: name an infiller's")
    net, count, batch = weights.config, len(examples.number), config.data.batch

    def run(shared: tuple[Params, TrainContext], example: Example) -> Array:
        params, world = shared
        return infill(net, params, example, world, config.infill_steps)

    everywhere, samples = parallel.replicate((weights.params, world)), []
    infill_batch = parallel.parallelise_examples(run)
    for start in tqdm(range(0, count, batch), unit="batch", desc="infilling", disable=None):
        chosen = np.arange(start, start + batch) % count  # the last batch begins again: one program serves all
        part = parallel.split(jax.tree.map(lambda x: x[chosen], examples))  # noqa: B023
        samples.append(parallel.join(infill_batch(everywhere, part)))
    return np.concatenate(samples)[:count], _without_text(examples)


def _without_text(example: Example) -> Example:
    """The example with one empty token of text: the refiner does not read it."""
    text = example.conditions.text
    silent = TextEmbedding(tokens=0.0 * text.tokens[:, :1], mask=0.0 * text.mask[:, :1], pooled=0.0 * text.pooled)
    return dataclasses.replace(example, conditions=dataclasses.replace(example.conditions, text=silent))


def save(path: pathlib.Path, infilled: Infilled, made_by: str) -> None:
    """Write the windows. made_by: SHA-256 of the infiller's weights."""
    x0, example = infilled
    named: dict[str, Any] = {"infilled": x0, **flatten_dict(dataclasses.asdict(example), sep="/")}
    make_folder(path.parent)
    with replacing(path) as partial:
        np.savez(partial, made_by=np.array(made_by), **named)


def load(path: pathlib.Path, made_by: str) -> Infilled:
    """Read the windows. Raises UserError for a damaged file or one made by other weights."""
    try:
        named = read_npz(path)
        maker, x0 = str(named.pop("made_by")), named.pop("infilled")
        parts = unflatten_dict(named, sep="/")
        seen, contacts = parts.pop("conditions"), ContactTargets(**parts.pop("contacts"))
        conditions = Conditions(text=TextEmbedding(**seen.pop("text")), **seen)
        example = Example(conditions=conditions, contacts=contacts, **parts)
    except Exception as error:  # numpy and zipfile report damage in half a dozen ways
        raise UserError(f"{path} is no cache of infilled windows, or damaged ({error}): delete it") from error
    if maker != made_by:
        raise UserError(f"{path} was made by other infiller weights: delete it or name another folder")
    return x0, example


def batches(infilled: Infilled, batch: int, seed: int) -> Callable[[int], Iterator[Infilled]]:
    """A source of random batches, each following from its number alone: a number → that batch and all after it."""

    def draw(position: int) -> Infilled:
        chosen = np.random.default_rng((seed, position)).integers(len(infilled[0]), size=batch)
        return jax.tree.map(lambda x: x[chosen], infilled)

    return lambda position: map(draw, itertools.count(position))
