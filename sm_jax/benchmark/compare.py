"""Which of two methods is better, column by column, and whether the clips can tell."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from sm_jax.metrics.bootstrap import summarise
from sm_jax.metrics.protocols import Row

OURS = "networks + guidance"  # what `sm-jax reconstruct` does
Verdict = Literal["better", "worse", "not told apart"]


def badness(column: str, value: float) -> float:
    """How bad a column's value is: shares of the truth by their distance from 1 as a ratio, excesses by their size,
    contacts by what is missing, and errors and seconds as they are."""
    if column.endswith("_over_truth"):
        return abs(float(np.log(max(value, 1e-6))))
    if column.endswith("_excess_mm"):
        return abs(value)
    return -value if column.startswith("contact_") else value


def compare(rows: Mapping[str, Sequence[Row]], takes: Sequence[str], reference: str) -> dict[str, dict[str, Verdict]]:
    """Other method -> column -> what the reference is beside it: the 95 % interval of their difference on the same
    clips, by bootstrap over takes, decides. With one take nothing is told apart."""
    ours = rows[reference]
    return {name: _verdicts(ours, theirs, takes) for name, theirs in rows.items() if name != reference}


def _verdicts(ours: Sequence[Row], theirs: Sequence[Row], takes: Sequence[str]) -> dict[str, Verdict]:
    differences = [
        {column: badness(column, mine[column]) - badness(column, other[column]) for column in mine}
        for mine, other in zip(ours, theirs, strict=True)
    ]
    return {column: _verdict(cell) for column, cell in summarise(differences, takes).items()}


def _verdict(cell: dict[str, float]) -> Verdict:
    if cell.get("high", 0.0) < 0:
        return "better"
    return "worse" if cell.get("low", 0.0) > 0 else "not told apart"
