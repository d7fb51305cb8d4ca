"""The networks and bodies that a reconstruction works with: what ships, loaded once, or what the user names."""

import functools
import os
import pathlib
from typing import Any, NamedTuple

import jax
import numpy as np
from flax.traverse_util import flatten_dict

from sm_jax.body import smpl
from sm_jax.body.io import PACKAGED, load_body
from sm_jax.body.skeleton import JOINTS, KEYPOINTS
from sm_jax.errors import UserError
from sm_jax.motion import windows
from sm_jax.motion.state import D
from sm_jax.nets.infiller import Infiller, InfillerConfig
from sm_jax.nets.refiner import Refiner, RefinerConfig
from sm_jax.nets.weights import INFILLER, REFINER, Params, load_weights
from sm_jax.sampling.sample import Models
from sm_jax.text.encoder import NAME, TextEncoder, default_sha256
from sm_jax.types import Conditions, TextEmbedding

DEFAULT_BODY = "open-low"


class LoadedModels(NamedTuple):
    """Networks, and the hashes that say in the provenance of results which they are."""

    models: Models
    hashes: dict[str, str]


def load_models(infiller: str | os.PathLike[str] = INFILLER, refiner: str | os.PathLike[str] = REFINER) -> LoadedModels:
    """The networks that ship with the package, or those of weights files.

    Raises UserError for files that are not the weights of an infiller and a refiner, or that learnt from sentences as
    another text encoder puts them.
    """
    infiller_weights, refiner_weights = load_weights(pathlib.Path(infiller)), load_weights(pathlib.Path(refiner))
    if not isinstance(infiller_weights.config, InfillerConfig):
        raise UserError(f"{infiller} holds no infiller: name the weights.npz of an infiller's training")
    if not isinstance(refiner_weights.config, RefinerConfig):
        raise UserError(f"{refiner} holds no refiner: name the weights.npz of a refiner's training")
    facts, encoder = infiller_weights.facts, default_sha256()
    if (learnt := facts.get("text_encoder_sha256")) != encoder:
        raise UserError(
            f"{infiller} was trained with another text encoder ({facts.get('text_encoder')}, hash"
            f" {str(learnt)[:12]}) than {NAME} as it is here: train it with this version"
        )
    networks = Infiller(infiller_weights.config), Refiner(refiner_weights.config)
    _check_parameters(infiller, networks[0], infiller_weights.params)
    _check_parameters(refiner, networks[1], refiner_weights.params)
    models = Models(
        infiller=networks[0],
        refiner=networks[1],
        infiller_params=infiller_weights.params,
        refiner_params=refiner_weights.params,
        statistics=infiller_weights.statistics,
    )
    hashes = {"infiller_sha256": infiller_weights.sha256, "refiner_sha256": refiner_weights.sha256}
    return LoadedModels(models, {**hashes, "text_encoder_sha256": encoder})


def _check_parameters(path: str | os.PathLike[str], network: Infiller | Refiner, params: Params) -> None:
    """Raise UserError unless a network of this configuration has these parameters; those that ship are known to fit."""
    if path in (INFILLER, REFINER):
        return

    def array(*shape: int) -> np.ndarray:
        return np.zeros((1, *shape), np.float32)

    people, frames = 2, windows.LENGTH
    conditions = Conditions(
        estimate=array(people, frames, D),
        visibility=array(people, frames, len(JOINTS)),
        evidence=array(people, frames, len(KEYPOINTS), 4),
        camera=array(people, frames, 9),
        placement=array(people, frames, 3, 3),
        error_scale=array(people),
        rest_joints=array(people, len(JOINTS), 3),
        text=TextEmbedding(tokens=array(1, 384), mask=array(1), pooled=array(384)),
        frame_mask=array(frames),
    )
    time = (array(),) if isinstance(network, Infiller) else ()
    made = jax.eval_shape(network.init, jax.random.key(0), conditions.estimate, *time, conditions)["params"]
    wanted, found = _shapes(made), _shapes(params)
    if odd := sorted(key for key in {*wanted, *found} if wanted.get(key) != found.get(key)):
        here, there = (shapes.get(odd[0], "missing") for shapes in (found, wanted))
        raise UserError(f"{path}: {odd[0]} is {here}, by its configuration {there}: get the weights again")


def _shapes(params: Params) -> dict[str, tuple[int, ...]]:
    flat: dict[str, Any] = flatten_dict(params, sep="/")
    return {key: leaf.shape for key, leaf in flat.items()}


@functools.cache
def shipped_models() -> LoadedModels:
    """The networks that ship with the package, loaded once."""
    return load_models()


@functools.cache
def text_encoder() -> TextEncoder:
    """The default text encoder, pulled if it is missing, loaded once."""
    return TextEncoder.load()


def as_body(body: smpl.Body | str | os.PathLike[str] | None) -> smpl.Body:
    """A body by the name or the path of one, or as it is; None is the default. Packaged ones are loaded once."""
    if isinstance(body, smpl.Body):
        return body
    name = DEFAULT_BODY if body is None else os.fspath(body)
    return _packaged_body(name) if name in PACKAGED else load_body(name)


@functools.cache
def _packaged_body(name: str) -> smpl.Body:
    return load_body(name)
