"""The results of a sweep's runs, each metric of a row over its seeds."""

import json
import math
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

Cell = tuple[float, float, int]
"""Mean over seeds, its standard error (nan for one seed), number of seeds."""
METRICS = {
    "infiller": ("val/hidden_rooted_mpjpe", "val/rooted_mpjpe", "val/mpjpe", "val/acceleration_error"),
    "refiner": ("val/acceleration_error", "val/jitter_ratio", "val/rooted_mpjpe", "val/mpjpe"),
}
UNITS = {"acceleration_error": "m/s²", "jitter_ratio": "× truth"}


def read(results: pathlib.Path) -> list[dict[str, Any]]:
    """The results of a sweep's runs, the baseline first."""
    found = [json.loads(path.read_text()) for path in sorted(results.glob("*.json"))]
    return sorted(found, key=lambda one: (one["row"] != "baseline", one["row"], one["seed"]))


def summary(found: Sequence[dict[str, Any]]) -> dict[str, dict[str, Cell]]:
    """Of each row, each metric over its seeds."""
    rows: dict[str, list[dict[str, float]]] = {}
    for one in found:
        rows.setdefault(one["row"], []).append(one["validation"])
    return {row: {name: _cell([one[name] for one in ones]) for name in ones[0]} for row, ones in rows.items()}


def _cell(values: Sequence[float]) -> Cell:
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return float(np.mean(values)), error, len(values)


def metrics_of(found: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """The metrics that matter for the network of a sweep, first the one it is judged by."""
    return METRICS[found[0]["net"]]


def title(name: str) -> str:
    """A metric's name with its unit."""
    plain = name.removeprefix("val/")
    return f"{plain.replace('_', ' ')} ({UNITS.get(plain, 'mm')})"
