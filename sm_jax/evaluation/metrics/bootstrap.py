"""Means of rows of numbers, and how sure they are: bootstrap over takes, for clips of one take are alike."""

from collections.abc import Sequence

import numpy as np

DRAWS = 2000
INTERVAL = (2.5, 97.5)  # percentiles

Summary = dict[str, dict[str, float]]


def summarise(rows: Sequence[dict[str, float]], takes: Sequence[str] | None = None) -> Summary:
    """Column -> "mean" over the rows and, of several takes, "low" and "high" of its 95 % interval.

    takes: which one each row is of; without it, every row is its own. Undefined values (nan) are left out, and a
    column without others is nan. The same rows give the same intervals.
    """
    chance = np.random.default_rng(0)
    names, take = np.unique(takes if takes is not None else [str(i) for i in range(len(rows))], return_inverse=True)
    drawn = chance.integers(len(names), size=(DRAWS, len(names)))
    return {column: _cell(np.array([row[column] for row in rows]), take, drawn) for column in rows[0]}


def _cell(values: np.ndarray, take: np.ndarray, drawn: np.ndarray) -> dict[str, float]:
    """Mean and interval of values [N] of takes [N], with the takes of each draw [DRAWS, takes]."""
    there = np.isfinite(values)
    if not there.any():
        return {"mean": float("nan")}
    cell = {"mean": float(values[there].mean())}
    sums, counts = (
        np.bincount(take, weights=np.where(there, x, 0.0), minlength=drawn.shape[1])
        for x in (values, np.ones_like(values))
    )
    if (counts > 0).sum() > 1:
        total, count = sums[drawn].sum(axis=1), counts[drawn].sum(axis=1)
        low, high = np.percentile(total[count > 0] / count[count > 0], INTERVAL)
        cell |= {"low": float(low), "high": float(high)}
    return cell
