"""Plots of what was measured."""

import pathlib
from collections.abc import Mapping

from matplotlib.figure import Figure


def curves(rates: Mapping[str, Mapping[int, float]], labels: tuple[str, str], what: str, path: pathlib.Path) -> None:
    """A rate against the size of a batch, a line for each way. labels: of the axes."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name, by_batch in rates.items():
        axes.plot(list(by_batch), list(by_batch.values()), marker="o", label=name)
    batches = list(next(iter(rates.values())))
    axes.set_xscale("log", base=2)
    axes.set(xlabel=labels[0], ylabel=labels[1], ylim=(0, None), xticks=batches)
    axes.set_xticklabels(list(map(str, batches)))
    axes.set_title(what, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.savefig(path, dpi=150)
