"""What the runs of a sweep say together: Markdown, LaTeX and a plot."""

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


def read_runs(results: pathlib.Path) -> list[dict[str, Any]]:
    """The results of a sweep's runs, the baseline first."""
    runs = [json.loads(path.read_text()) for path in sorted(results.glob("*.json"))]
    return sorted(runs, key=lambda run: (run["row"] != "baseline", run["row"], run["seed"]))


def summary(runs: Sequence[dict[str, Any]]) -> dict[str, dict[str, Cell]]:
    """Of each row, each metric over its seeds."""
    rows: dict[str, list[dict[str, float]]] = {}
    for run in runs:
        rows.setdefault(run["row"], []).append(run["validation"])
    return {
        row: {name: _cell([metrics[name] for metrics in seeds]) for name in seeds[0]} for row, seeds in rows.items()
    }


def _cell(values: Sequence[float]) -> Cell:
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return float(np.mean(values)), error, len(values)


def metrics_of(runs: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """The metrics that matter for the network of a sweep, first the one it is judged by."""
    return METRICS[runs[0]["net"]]


def column_title(name: str) -> str:
    """A metric's name with its unit."""
    plain = name.removeprefix("val/")
    return f"{plain.replace('_', ' ')} ({UNITS.get(plain, 'mm')})"


def markdown(runs: Sequence[dict[str, Any]]) -> str:
    """A table of Markdown: a line for each row with its question, mean ± standard error over seeds."""
    cells, metrics, questions = summary(runs), metrics_of(runs), {run["row"]: run["question"] for run in runs}
    lines = [
        f"| row | question | {' | '.join(map(column_title, metrics))} | seeds |",
        "|" + "---|" * (len(metrics) + 3),
    ]
    for row, values in cells.items():
        cells_of_row = " | ".join(_number(values[name], "±") for name in metrics)
        lines.append(f"| {row} | {questions[row]} | {cells_of_row} | {values[metrics[0]][2]} |")
    return "\n".join([*lines, "", _note(runs)])


def latex(runs: Sequence[dict[str, Any]]) -> str:
    """The same as a LaTeX tabular (booktabs), without the questions."""
    cells, metrics = summary(runs), metrics_of(runs)
    head = " & ".join(["row", *(_escaped(column_title(name)) for name in metrics)])
    lines = [rf"\begin{{tabular}}{{l{'r' * len(metrics)}}}", r"\toprule", rf"{head} \\", r"\midrule"]
    for row, values in cells.items():
        cells_of_row = " & ".join(f"${_number(values[name], chr(92) + 'pm')}$" for name in metrics)
        lines.append(rf"{_escaped(row)} & {cells_of_row} \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", f"% {_note(runs)}"])


def plot(runs: Sequence[dict[str, Any]], path: pathlib.Path) -> None:
    """Each row's mean and standard error of the two first metrics, and the baseline as a line."""
    from matplotlib.figure import Figure

    cells, metrics = summary(runs), metrics_of(runs)[:2]
    figure = Figure(figsize=(9, 1.2 + 0.35 * len(cells)), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2, sharey=True), metrics, strict=True):
        means, errors = ([cells[row][name][i] for row in cells] for i in (0, 1))
        axes.errorbar(means, range(len(cells)), xerr=np.nan_to_num(errors), fmt="o", capsize=3)
        if "baseline" in cells:
            axes.axvline(cells["baseline"][name][0], color="0.6", linewidth=1, zorder=0)
        axes.set(xlabel=column_title(name), yticks=range(len(cells)), yticklabels=list(cells))
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].invert_yaxis()
    figure.savefig(path, dpi=150)


def write_tables(results: pathlib.Path, folder: pathlib.Path) -> bool:
    """Write tables.md, tables.tex and tables.png to a folder, where there are any results. Whether there are."""
    if runs := read_runs(results):
        (folder / "tables.md").write_text(markdown(runs) + "\n", encoding="utf-8")
        (folder / "tables.tex").write_text(latex(runs) + "\n", encoding="utf-8")
        plot(runs, folder / "tables.png")
    return bool(runs)


def _number(cell: Cell, sign: str) -> str:
    mean, error, _ = cell
    return f"{mean:.3g}" if math.isnan(error) else f"{mean:.3g} {sign} {error:.1g}"


def _escaped(text: str) -> str:
    return text.replace("_", r"\_").replace("²", "$^2$").replace("×", r"$\times$")


def _note(runs: Sequence[dict[str, Any]]) -> str:
    commits, devices = (", ".join(sorted({run[key] for run in runs})) for key in ("commit", "device"))
    return f"Mean and standard error over seeds; {runs[0]['steps']} steps of {runs[0]['size']}, {devices}, {commits}."
