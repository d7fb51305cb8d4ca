"""Curves of error against how much of a person is seen, and a picture of them."""

import itertools
import pathlib

import matplotlib.pyplot as plt
import numpy as np

from experiments.lib.frontend_errors import BODY, FPS, EstimateAndTruth, root_relative_errors

EDGES = np.array([0.0, 0.5, 0.65, 0.75, 0.85, 0.92, 0.96, 1.001])
ERRORS = np.array([*np.arange(0, 320, 20), 1e6])  # mm
_LEAST = 25  # frames of one person: fewer make no point
_STYLE = {
    "real": {"color": "black", "marker": "o", "lw": 2.5},
    "before": {"color": "tab:red", "marker": "x", "ls": ":"},
    "after": {"color": "tab:blue", "marker": "s"},
    "salsa": {"color": "tab:green", "marker": "^", "ls": "--"},
}


def error_curves(seen: EstimateAndTruth, of_errors: bool = False) -> dict[str, list[float | None]]:
    """Means over the frames of each person whose visible fraction falls between two `EDGES`, and shares of frames and
    of errors. of_errors: jitter of the error rather than of the estimate, where the truth does not tremble."""
    fraction = (np.asarray(seen.visibility) > 0.5).mean(axis=-1)
    size = 1e3 * np.linalg.norm(root_relative_errors(seen), axis=-1)
    moved = np.asarray(seen.estimate - seen.truth if of_errors else seen.estimate)[..., BODY, :]
    jitter = FPS**3 * np.linalg.norm(np.diff(moved, n=3, axis=2), axis=-1).mean(axis=-1)
    return {
        "error_mm": _means(fraction, size.mean(axis=-1)),
        "jitter": _means(fraction[:, :, 1:-2], jitter),
        "share": (np.histogram(fraction, EDGES)[0] / fraction.size).round(4).tolist(),
        "errors": (np.histogram(size, ERRORS)[0] / size.size).round(4).tolist(),
    }


def _means(fraction: np.ndarray, values: np.ndarray) -> list[float | None]:
    inside = [(fraction >= a) & (fraction < b) for a, b in itertools.pairwise(EDGES)]
    return [round(float(values[at].mean()), 2) if at.sum() >= _LEAST else None for at in inside]


def draw_curves(path: pathlib.Path, found: dict[str, dict[str, list[float | None]]], names: dict[str, str]) -> None:
    """One panel a quantity. found: curves by observer.  names: what each observer is called in the legend."""
    figure, panels = plt.subplots(2, 2, figsize=(11, 8), constrained_layout=True)
    middle = (EDGES[1:] + np.minimum(EDGES[:-1], 1.0)) / 2
    titles = {
        "error_mm": ("joint error relative to the hips [mm]", middle, "visible fraction of a person's joints"),
        "jitter": ("jitter of the joints [m/s³]", middle, "visible fraction of a person's joints"),
        "share": ("share of a person's frames", middle, "visible fraction of a person's joints"),
        "errors": ("share of joints", ERRORS[:-1] + 10, "joint error relative to the hips [mm]; last: all larger ones"),
    }
    for panel, (quantity, (title, x, label)) in zip(panels.ravel(), titles.items(), strict=True):
        for name, curve in found.items():
            y = np.array([np.nan if v is None else v for v in curve[quantity]])
            panel.plot(x, y, label=names[name], **_STYLE[name])
        panel.set(xlabel=label, ylabel=title)
        if quantity == "jitter":
            panel.set_yscale("log")
        else:
            panel.set_ylim(bottom=0)
        panel.grid(alpha=0.3)
    panels[0, 0].legend()
    figure.savefig(path, dpi=90)
    plt.close(figure)
