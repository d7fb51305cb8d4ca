"""Plots of what was measured."""

import pathlib
from collections.abc import Mapping, Sequence

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


def plot_over_time(
    times: Sequence[float], curves: Mapping[str, Sequence[float]], label: str, title: str, path: pathlib.Path
) -> None:
    """Quantities over time, each on axes of its own from zero up, a grey line where time is zero. curves: label ->
    values.  label: of the times."""
    figure = Figure(figsize=(7, 2.2 * len(curves)), layout="constrained")
    panels = figure.subplots(len(curves), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, values) in zip(panels, curves.items(), strict=True):
        axes.plot(times, values, linewidth=1)
        axes.axvline(0, color="0.6", linewidth=1, zorder=0)
        axes.set(ylabel=name, ylim=(0, 1.1 * max(values)))
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_title(title, fontsize=8)
    panels[-1].set_xlabel(label)
    figure.savefig(path, dpi=150)
