"""Plots of what was measured."""

import pathlib
from collections.abc import Mapping

from matplotlib.figure import Figure


def plot_rates(
    rates: Mapping[str, Mapping[int, float]], labels: tuple[str, str], title: str, path: pathlib.Path
) -> None:
    """A rate against the size of a batch, a line for each variant. labels: of the axes."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for variant, by_batch in rates.items():
        axes.plot(list(by_batch), list(by_batch.values()), marker="o", label=variant)
    batches = list(next(iter(rates.values())))
    axes.set_xscale("log", base=2)
    axes.set(xlabel=labels[0], ylabel=labels[1], ylim=(0, None), xticks=batches)
    axes.set_xticklabels(list(map(str, batches)))
    axes.set_title(title, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.savefig(path, dpi=150)
