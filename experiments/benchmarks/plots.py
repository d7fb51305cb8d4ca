"""Plots of what was measured."""

import pathlib
from collections.abc import Mapping

from matplotlib.figure import Figure


def curves(rates: Mapping[str, Mapping[int, float]], what: str, path: pathlib.Path) -> None:
    """Examples a second against batch size, a line for each way."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name, by_batch in rates.items():
        axes.plot(list(by_batch), list(by_batch.values()), marker="o", label=name)
    batches = list(next(iter(rates.values())))
    axes.set_xscale("log", base=2)
    axes.set(xlabel="windows in a batch", ylabel="examples a second", ylim=(0, None), xticks=batches)
    axes.set_xticklabels(list(map(str, batches)))
    axes.set_title(what, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150)
