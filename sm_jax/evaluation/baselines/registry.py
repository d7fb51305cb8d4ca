"""The methods that stand in every table, by name."""

import dataclasses
import functools
import operator
import pathlib
from typing import Any

from sm_jax.energies.combine import EnergyWeights
from sm_jax.errors import UserError
from sm_jax.evaluation.baselines.diffusion import GUIDED, NETWORKS, DiffusionMethod
from sm_jax.evaluation.baselines.estimate import raw, slerp
from sm_jax.evaluation.baselines.filters import OneEuro, SavitzkyGolay
from sm_jax.evaluation.baselines.method import Method
from sm_jax.evaluation.baselines.optimisation import Descent
from sm_jax.evaluation.baselines.single_person import SinglePersonMethod
from sm_jax.evaluation.baselines.smoothnet import Smoothed
from sm_jax.evaluation.report import OURS
from sm_jax.nets.weights import INFILLER, REFINER
from sm_jax.nets.weights import NetworkWeights as WeightsFile
from sm_jax.pipeline.models import load_models
from sm_jax.sampling.sample import Settings


def load_methods(
    names: tuple[str, ...] = (), infiller: pathlib.Path = INFILLER, refiner: pathlib.Path = REFINER
) -> tuple[dict[str, Method], dict[str, Any]]:
    """The methods called so, or all, and what says which weights they have. Raises UserError for an unknown name."""
    models, facts = load_models(infiller, refiner)
    methods: dict[str, Method] = {
        "raw estimate": raw,
        "slerp": slerp,
        "One-Euro": OneEuro(),
        "Savitzky-Golay": SavitzkyGolay(),
        "SmoothNet": Smoothed(),
        "optimisation": Descent(),
        "each alone": SinglePersonMethod(models),
        "networks": DiffusionMethod(models, NETWORKS),
        OURS: DiffusionMethod(models, GUIDED),
    }
    if unknown := [name for name in names if name not in methods]:
        raise UserError(f"no method {unknown[0]!r}: name some of {', '.join(methods)}")
    return {name: method for name, method in methods.items() if not names or name in names}, facts


def settings(method: Method | Settings | EnergyWeights) -> dict[str, Any]:
    """What a method was set to: the numbers among its fields, and theirs, and the hash of weights of its own."""
    if not dataclasses.is_dataclass(method):
        return {}
    values = {field.name: getattr(method, field.name) for field in dataclasses.fields(method)}
    plain = {name: value for name, value in values.items() if isinstance(value, int | float | str)}
    files = {name: value.sha256[:12] for name, value in values.items() if isinstance(value, WeightsFile)}
    inner = [settings(value) for value in values.values() if isinstance(value, Settings | EnergyWeights)]
    return functools.reduce(operator.or_, inner, plain | files)
