"""Which settings of which method are tried."""

import dataclasses
import pathlib
from collections.abc import Sequence

from experiments.tuning.grid import Grid, Values
from sm_jax.baselines.alone import Alone, without_partner
from sm_jax.baselines.descent import Descent
from sm_jax.baselines.filters import OneEuro, SavitzkyGolay
from sm_jax.baselines.method import Method
from sm_jax.baselines.ours import Ours
from sm_jax.baselines.smoothnet import Smoothed
from sm_jax.pipeline import load_models
from sm_jax.sampling import GUIDANCE, Settings
from sm_jax.train.weights import load_weights


def grids(smoothnets: Sequence[pathlib.Path]) -> dict[str, Grid]:
    """By name. smoothnets: weights to choose from."""
    models, _ = load_models()
    nets = {path.parent.name: path for path in smoothnets}
    usual = {
        "smoothness": GUIDANCE.smoothness, "step": 0.03, "steps": 10, "text_scale": 1.0, "descent": 1, "polish": 50,
    }  # fmt: skip
    smoother = {"smoothness": [round(factor * GUIDANCE.smoothness, 6) for factor in (1, 3, 10)]}
    descent = {"polish": (30, 50, 100), "step": (0.01, 0.02, 0.03)}
    shorter = {"step": (0.03, 0.01, 0.003)}  # 6D units and metres of a full descent step

    def settings(v: Values, alone: bool = False) -> Settings:
        weights = dataclasses.replace(GUIDANCE, smoothness=v["smoothness"])
        weights = without_partner(weights) if alone else weights
        return Settings(
            weights=weights,
            steps=v["steps"],
            text_scale=v["text_scale"],
            descent=v["descent"],
            polish=v["polish"],
            rotation_step=v["step"],
            pelvis_step=v["step"],
        )

    def optimised(v: Values) -> Method:
        weights = dataclasses.replace(GUIDANCE, smoothness=v["smoothness"], prior=v["prior"])
        return Descent(weights, v["iterations"])

    return {
        "One-Euro": Grid(
            lambda v: OneEuro(**v),
            {"min_cutoff": 1.0, "beta": 1.0},
            [{"min_cutoff": (0.3, 1.0, 2.0, 3.0, 5.0), "beta": (0.0, 0.1, 0.3, 1.0, 3.0)}],
        ),
        "Savitzky-Golay": Grid(
            lambda v: SavitzkyGolay(**v),
            {"window": 11, "order": 2},
            [{"window": (5, 7, 9, 11, 13, 15, 19, 25, 31), "order": (1, 2, 3, 4)}],
        ),
        "SmoothNet": Grid(
            lambda v: Smoothed(load_weights(nets[v["weights"]])),
            {},
            [{"weights": [*nets]}],
        ),
        "networks + guidance": Grid(
            lambda v: Ours(models, settings(v)),
            usual,
            [descent, {"descent": (1, 5)}, smoother, {"text_scale": (1.0, 2.0)}, {"steps": (5, 10)}],
        ),
        "optimisation": Grid(
            optimised,
            {"smoothness": GUIDANCE.smoothness, "prior": GUIDANCE.prior, "iterations": 100},
            [{"iterations": (30, 100)}, smoother],
        ),
        "each alone": Grid(
            lambda v: Alone(models, settings(v, alone=True)), usual, [shorter, smoother, {"steps": (5, 10)}]
        ),
    }
