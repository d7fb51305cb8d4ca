"""Weights as one file: float16 arrays, and beside them everything that says what they are.

An .npz file. `meta` holds JSON: kind of network, its configuration, statistics, the training's facts. Each parameter
stands under its path, such as `block_0/qkv_mlp/kernel`.
"""

import dataclasses
import hashlib
import json
import pathlib
from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from sm_jax.assets.arrays import read_npz
from sm_jax.assets.files import make_folder, replacing
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.state import D
from sm_jax.nets.infiller import InfillerConfig
from sm_jax.nets.refiner import RefinerConfig
from sm_jax.nets.residual import Residual
from sm_jax.nets.smoothnet import SmoothNetConfig

PACKAGED = pathlib.Path(__file__).parent / "packaged"
INFILLER, REFINER = PACKAGED / "infiller.npz", PACKAGED / "refiner.npz"
NetConfig = InfillerConfig | RefinerConfig | SmoothNetConfig
_KINDS = {"infiller": InfillerConfig, "refiner": RefinerConfig, "smoothnet": SmoothNetConfig}
_META = "meta"
_LARGEST_SIZE = 2**16  # of a width, a depth or a span of frames
# Names of layers in older files: `tools/convert_weights.py` puts the present ones.
FORMER_NAMES = {"wide": "qkv_mlp", "narrow": "out", "said": "text_kv", "own": "self_in", "beside": "partner_in"}
Params = Any  # a network's parameters: nested dictionaries of arrays


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
    meta = {"kind": kind, "config": dataclasses.asdict(config), "statistics": numbers, "facts": facts}
    arrays = {key: np.asarray(value, np.float16) for key, value in flatten_dict(params, sep="/").items()}
    make_folder(path.parent)
    with replacing(path) as partial:
        np.savez(partial, **{_META: np.array(json.dumps(meta)), **arrays})  # pyrefly: ignore[bad-argument-type]


def load_weights(path: pathlib.Path) -> NetworkWeights:
    """Read a weights file. Raises UserError for a missing, damaged or foreign one, or one with former names."""
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        arrays = read_npz(path)
        meta = json.loads(str(arrays.pop(_META)))
        kind, facts, numbers, config = (meta[key] for key in ("kind", "facts", "statistics", "config"))
        statistics = Statistics(**{key: np.array(numbers[key], np.float32) for key in ("mean", "std")})
        config_type = _KINDS[kind]
        _check(arrays, statistics, config, facts)
    except FileNotFoundError as error:
        raise UserError(f"no weights at {path}: train them with experiments/, or install the package again") from error
    except Exception as error:  # numpy, zipfile and json report damage in half a dozen ways
        raise UserError(f"{path} is no weights file of sm_jax, or damaged ({error}): get it again") from error
    if former := sorted(FORMER_NAMES.keys() & {part for key in arrays for part in key.split("/")}):
        names = ", ".join(former)
        raise UserError(f"{path} has layers by former names ({names}): run python tools/convert_weights.py {path}")
    params = unflatten_dict({key: jnp.asarray(value, jnp.float32) for key, value in arrays.items()}, sep="/")
    return NetworkWeights(
        params=params, config=_as_config(config_type, config), statistics=statistics, facts=facts, sha256=sha256
    )


def _check(arrays: dict[str, np.ndarray], statistics: Statistics, config: Any, facts: Any) -> None:
    """Raise ValueError where what a file holds are not parameters, statistics of states, and two JSON objects."""
    for name, array in arrays.items():
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise ValueError(f"{name} holds what is no finite number")
    for part in (statistics.mean, statistics.std):
        if part.shape != (D,) or not np.isfinite(part).all():
            raise ValueError(f"statistics of shape {part.shape}, or not finite")
    if not (np.asarray(statistics.std) > 0).all() or not isinstance(config, dict) or not isinstance(facts, dict):
        raise ValueError("its statistics, configuration or facts are not what is saved with weights")


def _as_config(kind: type[NetConfig], values: dict[str, Any]) -> NetConfig:
    """A configuration from its JSON. Raises UserError for an unknown or a missing name, and for values of a kind or
    size that none can have."""
    usual = {field.name: field.default for field in dataclasses.fields(kind)}
    if set(values) != set(usual):
        odd = ", ".join(sorted(set(values) ^ set(usual)))
        raise UserError(f"{kind.__name__} from another version of sm_jax: {odd[:200]} unknown or missing")
    given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    for name, value in given.items():
        if not _could_be(value, usual[name]):
            raise UserError(f"{kind.__name__} with {name} {str(value)[:60]!r}: no such network; get the weights again")
    return kind(**given)


def _could_be(value: Any, usual: Any) -> bool:
    """Whether a value is of the usual one's kind: a size, sizes, or a word of those that are known."""
    if isinstance(usual, tuple):
        return isinstance(value, tuple) and all(_could_be(each, 1) for each in value)
    if isinstance(usual, str):
        return value in get_args(Residual)
    return type(value) is int and 0 < value <= _LARGEST_SIZE


def parameters(params: Params) -> int:
    """How many numbers a network has."""
    return sum(leaf.size for leaf in jax.tree.leaves(params))
