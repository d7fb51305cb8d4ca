"""Tables of all methods on the frozen benchmarks."""

import json
import pathlib
from collections.abc import Callable
from typing import Any

from sm_jax.benchmark.report import means, tables

HEADLINE = (
    "hidden_mpjpe_mm", "visible_mpjpe_mm", "pair_pa_mpjpe_mm", "contact_recall_5cm", "a_pd_excess_mm",
    "jitter_over_truth", "seconds",
)  # fmt: skip


def benchmark(name: str) -> Callable[[pathlib.Path], str]:
    """The tables of one benchmark."""
    return lambda results: tables(name, _read(results)["benchmarks"][name])


def headline(results: pathlib.Path) -> str:
    """All methods on rendered video, the columns that matter most."""
    result = _read(results)
    found = result["benchmarks"]["rendered"]
    refused, takes = len(found["failed"]), len(found["takes"])
    note = (
        f"{found['clips']} clips, of which the front-end refused {refused}; {found['frames']} frames of {takes}"
        f" held-out takes; mean and 95 % interval over takes; {result['device']}, commit {result['commit']}."
    )
    return "\n".join([*means(found["summary"], HEADLINE), "", note])


def methods(results: pathlib.Path) -> str:
    """Which methods these are, with their settings."""
    result = _read(results)
    lines = ["| method | settings |", "|---|---|", *(_row(name, said) for name, said in result["methods"].items())]
    weights = ", ".join(f"{name} {value[:12]}" for name, value in result["weights"].items())
    made = f"jax {result['jax']}, {result['device']}, commit {result['commit']}"
    return "\n".join([*lines, "", f"Seed {result['question']['seed']}, weights {weights}, {made}."])


def tuning(results: pathlib.Path) -> str:
    """Each method's best settings on the validation split, and how many were tried."""
    found = json.loads((results / "tuning.json").read_text())
    lines = ["| method | tried | best | score | jitter over truth |", "|---|---|---|---|---|"]
    for name, method in found["methods"].items():
        best = min(method["rows"], key=lambda row: row["score"])
        chosen = ", ".join(
            f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in best["settings"].items()
        )
        lines.append(
            f"| {name} | {len(method['rows'])} | {chosen} | {best['score']:.3f} | {best['jitter_over_truth']:.2f} |"
        )
    clips = f"{len(found['clips'])} clips × {found['seeds']} simulations"
    return "\n".join(
        [*lines, "", f"{clips}, {found['device']}; the score is lower the better, the raw estimate's is 1."]
    )


def _row(name: str, settings: dict[str, Any]) -> str:
    return f"| {name} | {', '.join(f'{key} {value}' for key, value in settings.items())} |"


def _read(results: pathlib.Path) -> dict[str, Any]:
    return json.loads((results / "baselines.json").read_text())
