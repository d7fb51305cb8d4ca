"""The networks and bodies that a reconstruction works with: what ships, loaded once, or what the user names."""

import functools
import os
import pathlib
from typing import NamedTuple

from sm_jax.body import smpl
from sm_jax.body.io import PACKAGED, load_body
from sm_jax.errors import UserError
from sm_jax.nets.infiller import Infiller, InfillerConfig
from sm_jax.nets.refiner import Refiner, RefinerConfig
from sm_jax.nets.weights import INFILLER, REFINER, load_weights
from sm_jax.sampling.sample import Models
from sm_jax.text.encoder import NAME, TextEncoder, default_sha256

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
    models = Models(
        infiller=Infiller(infiller_weights.config),
        refiner=Refiner(refiner_weights.config),
        infiller_params=infiller_weights.params,
        refiner_params=refiner_weights.params,
        statistics=infiller_weights.statistics,
    )
    hashes = {"infiller_sha256": infiller_weights.sha256, "refiner_sha256": refiner_weights.sha256}
    return LoadedModels(models, {**hashes, "text_encoder_sha256": encoder})


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
