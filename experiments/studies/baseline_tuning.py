"""Tune every method on the validation split, ours no more than the others.

    python -m experiments.studies.baseline_tuning --synthetic data/synthetic.npz \
        --smoothnets out/runs/smoothnet/weights.npz                    (an hour on one core, half of which compiles)

Clips of 96 frames of the validation dance and the validation classes (`benchmark_sets.clips.validation_clips`), each
seen by several independent simulations. The criterion was chosen before anything was tuned: the geometric mean of four
numbers, each as a share of the raw estimate's: root-aligned MPJPE over all joints, pair PA-MPJPE, acceleration error,
and by how many times the jitter is larger *or smaller* than the truth's, so that smoothing more than is right does not
pay. Writes experiments/results/tuning.json: every row, and each method's winner, which is copied by hand to where the
method's defaults stand. Rows that the file has are not measured again: delete it to start anew.
"""

import dataclasses
import itertools
import json
import pathlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.benchmark_sets.clips import validation_clips
from experiments.lib.program import run
from experiments.lib.results import RESULTS, write_result
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.data.simulator.simulate import SimulatorConfig, simulate
from sm_jax.evaluation.baselines.diffusion import GUIDED, DiffusionMethod
from sm_jax.evaluation.baselines.estimate import raw, slerp
from sm_jax.evaluation.baselines.filters import OneEuro, SavitzkyGolay
from sm_jax.evaluation.baselines.method import Method, MethodInput
from sm_jax.evaluation.baselines.optimisation import Descent
from sm_jax.evaluation.baselines.single_person import SinglePersonMethod, without_partner
from sm_jax.evaluation.baselines.smoothnet import Smoothed
from sm_jax.evaluation.metrics.joints import mpjpe_mm, pair_pa_mpjpe_mm, world_mpjpe_mm
from sm_jax.evaluation.metrics.motion import acceleration_error_mm, jitter_m_s3, peak_wrist_speed_ratio
from sm_jax.nets.weights import load_weights
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.models import load_models
from sm_jax.pipeline.provenance import code_version
from sm_jax.sampling.sample import GUIDANCE, Settings
from sm_jax.text.contacts import contact_targets
from sm_jax.text.describers import rules
from sm_jax.text.describers.describer import describer_input
from sm_jax.text.encoder import TextEncoder
from sm_jax.types import Array, Motion, Observation

OUT = RESULTS / "tuning.json"
CRITERION = ("mpjpe_mm", "pair_pa_mpjpe_mm", "acceleration_error_mm", "jitter_misfit")

Values = dict[str, Any]
Means = dict[str, float]
Clip = tuple[str, Motion, MethodInput]
"""Name, true motion, what a method is given."""


@dataclasses.dataclass(frozen=True)
class Grid:
    """make: from settings to a method.  start: the settings to begin with.  stages: grids that are searched in turn,
    each around the best settings so far."""

    make: Callable[[Values], Method]
    start: Values
    stages: Sequence[Mapping[str, Sequence[Any]]]

    def around(self, best: Values, stage: Mapping[str, Sequence[Any]]) -> Iterator[Values]:
        """The settings of one stage."""
        for chosen in itertools.product(*stage.values()):
            yield best | dict(zip(stage, chosen, strict=True))


def grids(smoothnets: Sequence[pathlib.Path]) -> dict[str, Grid]:
    """By name. smoothnets: weights to choose from."""
    models, _ = load_models()
    nets = {path.parent.name: path for path in smoothnets}
    usual = {
        "smoothness": GUIDANCE.smoothness, "step": GUIDED.rotation_step, "steps": 10, "text_scale": 1.0, "descent": 1,
        "polish": GUIDED.final_guidance_steps,
    }  # fmt: skip
    smoother = {"smoothness": [round(factor * GUIDANCE.smoothness, 6) for factor in (1, 3, 10)]}
    descent = {"polish": (15, 30, 60), "step": (0.01, 0.02, 0.03)}
    shorter = {"step": (0.02, 0.01, 0.005)}  # 6D units of a full descent step

    def diffusion_settings(v: Values, single_person: bool = False) -> Settings:
        weights = dataclasses.replace(GUIDANCE, smoothness=v["smoothness"])
        weights = without_partner(weights) if single_person else weights
        return Settings(
            weights=weights,
            steps=v["steps"],
            cfg_scale=v["text_scale"],
            guidance_steps=v["descent"],
            final_guidance_steps=v["polish"],
            rotation_step=v["step"],
            pelvis_step=v["step"] * GUIDED.pelvis_step / GUIDED.rotation_step,
        )

    def descent_method(v: Values) -> Method:
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
            lambda v: DiffusionMethod(models, diffusion_settings(v)),
            usual,
            [descent, {"descent": (1, 5)}, smoother, {"text_scale": (1.0, 2.0)}, {"steps": (5, 10)}],
        ),
        "optimisation": Grid(
            descent_method,
            {"smoothness": GUIDANCE.smoothness, "prior": GUIDANCE.prior, "iterations": 100},
            [{"iterations": (30, 100)}, smoother],
        ),
        "each alone": Grid(
            lambda v: SinglePersonMethod(models, diffusion_settings(v, single_person=True)),
            usual,
            [shorter, smoother, {"steps": (5, 10)}],
        ),
    }


def measure(method: Method, clips: Sequence[Clip]) -> Means:
    """Means over the clips. jitter_misfit: how many times too large or too small the mean jitter is."""
    rows, true_jitter = [], 0.0
    for _, truth, clip in clips:
        found, true = (np.asarray(_joints(clip.body, motion)) for motion in (method(clip), truth))
        fps = float(clip.observation.fps)
        true_jitter += jitter_m_s3(true, fps) / len(clips)
        rows.append(
            {
                "mpjpe_mm": mpjpe_mm(found, true),
                "pair_pa_mpjpe_mm": pair_pa_mpjpe_mm(found, true),
                "world_mpjpe_mm": world_mpjpe_mm(found, true),
                "acceleration_error_mm": acceleration_error_mm(found, true),
                "jitter_over_truth": jitter_m_s3(found, fps),
                "peak_wrist_over_truth": peak_wrist_speed_ratio(found, true),
            }
        )
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    means["jitter_over_truth"] /= true_jitter
    means["jitter_misfit"] = max(means["jitter_over_truth"], 1.0 / means["jitter_over_truth"])
    return means


def score(means: Means, raw_means: Means) -> float:
    """Geometric mean of the CRITERION numbers as shares of the raw estimate's: below 1 is better than that."""
    return float(np.exp(np.mean([np.log(means[name] / raw_means[name]) for name in CRITERION])))


@jax.jit
def _joints(body: smpl.Body, motion: Motion) -> Array:
    return smpl.pose(body, motion).joints


def simulate_clips(synthetic: pathlib.Path, count: int, seeds: int) -> list[Clip]:
    """`count` validation clips, evenly chosen of dances and synthetic classes, each seen `seeds` times, with names
    and true motions."""
    sequences, encoder = validation_clips(synthetic), TextEncoder.load()
    clips = []
    for number in range(count):
        sequence = sequences[number * (len(sequences) - 1) // max(count - 1, 1)]
        body = load_body(sequence.body)
        for seed in range(seeds):
            key = jax.random.fold_in(jax.random.key(seed), number)
            seen = jax.device_get(_simulate(key, sequence.motion, body))
            description = rules.describe(describer_input(seen, body))
            clip = MethodInput(
                observation=seen,
                body=body,
                text=encoder.encode_one(description.text),
                contacts=contact_targets(description.contacts, seen.visibility.shape[1]),
                key=key,
            )
            clips.append((sequence.name, sequence.motion, clip))
    return clips


@jax.jit
def _simulate(key: jax.Array, truth: Motion, body: smpl.Body) -> Observation:
    return simulate(key, jax.tree.map(jnp.asarray, truth), body, SimulatorConfig())


def search(grid: Grid, clips: Sequence[Clip], raw_means: Means, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Adds a row for every setting tried that has none, and yields it."""
    best = grid.start
    for stage in grid.stages:
        for values in grid.around(best, stage):
            if all(row["settings"] != values for row in rows):
                began, means = time.perf_counter(), measure(grid.make(values), clips)
                numbers = {"score": score(means, raw_means)} | means | {"seconds": time.perf_counter() - began}
                rounded = {key: round(value, 4) for key, value in numbers.items()}
                rows.append({"settings": values, "commit": code_version()} | rounded)
                yield rows[-1]
        best = best_settings(rows)


def best_settings(rows: list[dict[str, Any]]) -> Values:
    """Those of the row with the least score."""
    return min(rows, key=lambda row: row["score"])["settings"]


def main(
    synthetic: pathlib.Path,
    smoothnets: tuple[pathlib.Path, ...] = (),
    methods: tuple[str, ...] = (),
    clips: int = 4,
    seeds: int = 3,
) -> None:
    """Try what was not tried yet, and write every row down.

    Args:
        synthetic: a prepared synthetic set.
        smoothnets: weights files to choose from, called by their folders.
        methods: to tune; all if none are named.
        clips: how many.
        seeds: simulations of each clip.
    """
    keep_compiled_programs()
    cases, everything = simulate_clips(synthetic, clips, seeds), grids(smoothnets)
    config = {"clips": sorted({name for name, *_ in cases}), "seeds": seeds}
    known: dict[str, Any] = json.loads(OUT.read_text()) if OUT.exists() else {}
    if known.get("config") != config:
        known = {"raw": measure(raw, cases), "slerp": measure(slerp, cases), "methods": {}}
    found = {name: known[name] for name in ("raw", "slerp", "methods")}
    for name in methods or everything:
        tuned = found["methods"].setdefault(name, {"winner": {}, "rows": []})
        for row in search(everything[name], cases, found["raw"], tuned["rows"]):
            print(json.dumps({"method": name} | row), flush=True)
            tuned["winner"] = best_settings(tuned["rows"])
            write_result(
                OUT, what="settings of every method on simulated validation clips", config=config, seed=0, **found
            )


if __name__ == "__main__":
    run(main, __doc__)
