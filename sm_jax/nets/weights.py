"""Weights as one file: float16 arrays, and beside them everything that says what they are.

An .npz file. `meta` holds JSON: kind of network, its configuration, statistics, the training's facts. Each parameter
stands under its path, such as `block_0/wide/kernel`.
"""

import dataclasses
import hashlib
import json
import pathlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from sm_jax.errors import UserError
from sm_jax.export.files import replacing
from sm_jax.motion.normalise import Statistics
from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.refiner import RefinerConfig
from sm_jax.nets.smoothnet import SmoothNetConfig
from sm_jax.train.config import from_dict, to_dict
from sm_jax.train.output import make_folder
from sm_jax.train.state import Params

PACKAGED = pathlib.Path(__file__).parent.parent / "weights"
INFILLER, REFINER = PACKAGED / "infiller.npz", PACKAGED / "refiner.npz"
NetConfig = InfillerConfig | RefinerConfig | SmoothNetConfig
_KINDS = {"infiller": InfillerConfig, "refiner": RefinerConfig, "smoothnet": SmoothNetConfig}
_META = "meta"


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkWeights:
    """What a weights file holds.

    params: float32, for `net.apply({"params": params}, …)`.  facts: of the training (steps, configuration, validation,
    versions, text encoder).  sha256: of the file, for the provenance of results.
    """

    params: Params
    config: NetConfig
    statistics: Statistics
    facts: dict[str, Any]
    sha256: str


def save_weights(
    path: pathlib.Path, params: Params, config: NetConfig, statistics: Statistics, facts: dict[str, Any]
) -> None:
    """Write a weights file; an old one is replaced only once the new one is complete."""
    kind = next(name for name, type_ in _KINDS.items() if isinstance(config, type_))
    numbers = {"mean": np.asarray(statistics.mean).tolist(), "std": np.asarray(statistics.std).tolist()}
    meta = {"kind": kind, "config": to_dict(config), "statistics": numbers, "facts": facts}
    arrays = {key: np.asarray(value, np.float16) for key, value in flatten_dict(params, sep="/").items()}
    make_folder(path.parent)
    with replacing(path) as partial:
        np.savez(partial, **{_META: np.array(json.dumps(meta)), **arrays})  # pyright: ignore[reportArgumentType]


def load_weights(path: pathlib.Path) -> NetworkWeights:
    """Read a weights file. Raises UserError for a missing, damaged or foreign one."""
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        meta = json.loads(str(arrays.pop(_META)))
        kind, facts, numbers, config = (meta[key] for key in ("kind", "facts", "statistics", "config"))
        statistics = Statistics(**{key: np.array(numbers[key], np.float32) for key in ("mean", "std")})
        config_type = _KINDS[kind]
    except FileNotFoundError as error:
        raise UserError(f"no weights at {path}: train them with experiments/, or install the package again") from error
    except Exception as error:  # numpy, zipfile and json report damage in half a dozen ways
        raise UserError(f"{path} is no weights file of sm_jax, or damaged ({error}): get it again") from error
    params = unflatten_dict({key: jnp.asarray(value, jnp.float32) for key, value in arrays.items()}, sep="/")
    return NetworkWeights(
        params=params, config=from_dict(config_type, config), statistics=statistics, facts=facts, sha256=sha256
    )


def parameters(params: Params) -> int:
    """How many numbers a network has."""
    return sum(leaf.size for leaf in jax.tree.leaves(params))
