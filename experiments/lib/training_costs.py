"""What trainings cost elsewhere, worked out from the measured cost of a step (`experiments.benchmarks.step_cost`).

A device is known by what its maker says that it can do at best. No step is faster than its operations at that rate, nor
than its bytes at that bandwidth; how far from there a real one is, nobody has measured here: ASSUMED is an assumption.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from configs import recipes
from sm_jax.train.config import InfillerTraining, RefinerTraining

ASSUMED = 0.25  # share of the best rate that is reached: an assumption, measured nowhere
_GIB, _MIB = 2**30, 2**20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Accelerator:
    """flops: a second of products of matrices, by dtype, as JAX takes them by default (float32 as TF32 on NVIDIA's, as
    bfloat16 on TPUs).  bandwidth: bytes a second.  memory: bytes."""

    flops: Mapping[str, float]
    bandwidth: float
    memory: float


# Dense rates of NVIDIA's data sheets (A100 80 GB SXM, H100 SXM) and of Google's page of TPU v5e.
ACCELERATORS = {
    "A100": Accelerator(flops={"float32": 156e12, "bfloat16": 312e12}, bandwidth=2.039e12, memory=80e9),
    "H100": Accelerator(flops={"float32": 494.7e12, "bfloat16": 989.4e12}, bandwidth=3.35e12, memory=80e9),
    "TPU v5e": Accelerator(flops={"float32": 197e12, "bfloat16": 197e12}, bandwidth=0.819e12, memory=16e9),
}


def best_step_seconds(
    cost: Mapping[str, Any], examples: Mapping[str, Any] | None, scale: float, on: Accelerator
) -> float:
    """No step on a device is faster: cost and examples, of `scale` times as many windows as were measured.

    examples: None where they are made before the training. Their operations are few and no products of matrices: their
    bytes count.
    """
    step = max(scale * cost["flops"] / on.flops[cost["dtype"]], scale * cost["bytes"] / on.bandwidth)
    return step + (scale * examples["bytes"] / on.bandwidth if examples else 0.0)


def memory_bytes(cost: Mapping[str, Any], scale: float) -> float:
    """What a device needs at most: the state, and the working memory as if all of it grew with the windows."""
    return cost["state_bytes"] + scale * cost["working_bytes"]


def cost_table(result: Mapping[str, Any]) -> str:
    """The measured cost of a step, of one window."""
    windows = result["config"]["windows"]
    lines = [
        "| a window of | parameters | GFLOP | over 6 × parameters × tokens | MB through memory | working memory (MiB)"
        " | core-seconds | of a plain product's rate |",
        "|---" * 8 + "|",
    ]
    for name, cost in result["costs"].items():
        ours = [
            f"{cost['flops'] / windows / 1e9:.1f}", "", f"{cost['bytes'] / windows / 1e6:.0f}",
            f"{cost['working_bytes'] / windows / _MIB:.0f}", f"{cost['core_seconds'] / windows:.3g}", "",
        ]  # fmt: skip
        if "parameters" in cost:
            by_hand = 6 * cost["parameters"] * cost["tokens_a_window"] * windows
            rate = result["product_flops_a_core_second"][cost["dtype"]]
            ours[1] = f"{cost['flops'] / by_hand:.2f}"
            ours[-1] = f"{100 * cost['flops'] / cost['core_seconds'] / rate:.0f} %"
        count = f"{cost['parameters'] / 1e6:.1f} M" if "parameters" in cost else ""
        lines.append(f"| {name} | {count} | {' | '.join(ours)} |")
    return "\n".join(lines)


def recipe_table(result: Mapping[str, Any]) -> str:
    """Every recipe's steps, memory and hours on the accelerators."""
    heads = [
        "recipe", "windows a step", "of a device", "steps", "memory of a device (GiB)", "gradients a step (MiB)",
        *(f"{name} (h)" for name in ACCELERATORS),
    ]  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for kind, found in {"infiller": recipes.INFILLERS, "refiner": recipes.REFINERS}.items():
        lines += [_row(kind, name, config, result) for name, config in found.items()]
    return "\n".join(lines)


def _row(kind: str, name: str, config: InfillerTraining | RefinerTraining, result: Mapping[str, Any]) -> str:
    size, _, devices = name.partition("-")
    cost, examples = result["costs"][f"{kind} {size}"], result["costs"]["examples"] if kind == "infiller" else None
    each = config.data.batch // int(devices)
    scale = each / result["config"]["windows"]
    memory = memory_bytes(cost, scale)
    hours = []
    for on in ACCELERATORS.values():
        best = config.steps * best_step_seconds(cost, examples, scale, on) / 3600
        hours.append(" / ".join(map(_hours, (best, best / ASSUMED))) if memory < on.memory else "too small")
    cells = [
        f"{kind}, {name}", f"{config.data.batch:,}", str(each), f"{config.steps:,}", f"{memory / _GIB:.1f}",
        f"{4 * cost['parameters'] / _MIB:.0f}", *hours,
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _hours(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
