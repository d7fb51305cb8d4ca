"""Results as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from sm_jax.evaluation.metrics.bootstrap import summarise
from sm_jax.evaluation.protocols import Row

# Which of two methods is better, column by column, and whether the clips can tell.


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
    return {name: _verdicts_by_metric(ours, theirs, takes) for name, theirs in rows.items() if name != reference}


def _verdicts_by_metric(ours: Sequence[Row], theirs: Sequence[Row], takes: Sequence[str]) -> dict[str, Verdict]:
    differences = [
        {column: badness(column, mine[column]) - badness(column, other[column]) for column in mine}
        for mine, other in zip(ours, theirs, strict=True)
    ]
    return {column: _verdict(cell) for column, cell in summarise(differences, takes).items()}


def _verdict(cell: dict[str, float]) -> Verdict:
    if cell.get("high", 0.0) < 0:
        return "better"
    return "worse" if cell.get("low", 0.0) > 0 else "not told apart"


SIGNS = {"better": "+", "worse": "−", "not told apart": "·"}
# Columns that stand together in one table: errors, then what guards against cheap wins.
ERRORS = (
    "hidden_mpjpe_mm", "visible_mpjpe_mm", "unseen_reprojection_px", "mpjpe_mm", "world_mpjpe_mm", "w_mpjpe_mm",
    "wa_mpjpe_mm", "acceleration_error_mm", "foot_sliding_mm",
)  # fmt: skip
GUARDS = (
    "pair_pa_mpjpe_mm", "interaction_mm", "contact_recall_5cm", "contact_precision_5cm", "a_pd_excess_mm",
    "jitter_over_truth", "peak_wrist_over_truth", "seconds",
)  # fmt: skip
BY_LEVEL = ("hidden_mpjpe_mm", "unseen_reprojection_px", "pair_pa_mpjpe_mm", "jitter_over_truth")


def tables(name: str, result: dict[str, Any]) -> str:
    """One benchmark: what it is, errors, guards, levels, and how ours compares."""
    failed = f", {len(result['failed'])} failed in the front-end" if result["failed"] else ""
    lines = [
        f"### {name}",
        "",
        f"{result['clips']} clips{failed}, {result['frames']} frames of {len(result['takes'])} takes.",
    ]
    for columns in (ERRORS, GUARDS):
        lines += ["", *means(result["summary"], columns)]
    lines += ["", *_levels(result["levels"])]
    if result["verdicts"] and len(result["takes"]) < 2:
        lines += ["", "One take cannot tell methods apart: their differences may be the take's own. Give several."]
    elif result["verdicts"]:
        lines += ["", f"“{OURS}” beside each other method: + better, − worse, · not told apart.", ""]
        lines += _verdicts(result["verdicts"])
    return "\n".join(lines)


def protocol_table(result: dict[str, Any]) -> str:
    """A data set under a protocol: what was compared with what, our methods, and what the peers' tables say."""
    about, columns = result["about"], list(next(iter(result["summary"].values())))
    failed = f", {len(result['failed'])} failed in the front-end" if result["failed"] else ""
    lines = [
        f"### {about['dataset']}, {about['protocol']}",
        "",
        f"{result['clips']} clips{failed}, {result['frames']} frames of {len(result['takes'])} recordings, "
        f"split {about['split']}; seen in {about['seen']}; {about['frames']}.",
        "; ".join(f"{part} {about[part]}" for part in ("joints", "root", "alignment", "identity")) + ".",
        *([about["notes"] + "."] if about["notes"] else []),
        "",
    ]
    cells = {name: [_cell(row[column]) for column in columns] + ["ours"] for name, row in result["summary"].items()}
    for peer in about["peers"]:
        cells[peer["method"]] = [_number(peer["numbers"].get(column)) for column in columns] + [peer["source"]]
    lines += _table(["method", *map(_title, columns), "from"], cells)
    return "\n".join([*lines, *(["", about["caution"]] if about["caution"] else [])])


def means(summary: dict[str, Any], columns: Sequence[str]) -> list[str]:
    """A row a method: mean, and its interval."""
    shown = [column for column in columns if column in next(iter(summary.values()))]
    cells = {name: [_cell(row[column]) for column in shown] for name, row in summary.items()}
    return _table(["method", *map(_title, shown)], cells)


def _levels(levels: dict[str, Any]) -> list[str]:
    """A row a method, of the columns in BY_LEVEL, level by level."""
    lines = []
    first = next(iter(next(iter(levels.values())).values()))
    for column in (c for c in BY_LEVEL if c in first):
        methods = next(iter(levels.values()))
        cells = {m: [_number(rows[m][column]) for rows in levels.values()] for m in methods}
        lines += [*([""] if lines else []), *_table([_title(column), *levels], cells)]
    return lines


def _verdicts(verdicts: dict[str, Any]) -> list[str]:
    shown = [column for column in (*ERRORS, *GUARDS) if column in next(iter(verdicts.values()))]
    return _table(["beside", *map(_title, shown)], {m: [SIGNS[row[c]] for c in shown] for m, row in verdicts.items()})


def _table(head: list[str], cells: dict[str, list[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return lines + [f"| {name} | " + " | ".join(row) + " |" for name, row in cells.items()]


def _title(column: str) -> str:
    """A column's name in words."""
    for unit in ("mm", "px", "5cm"):
        if column.endswith(f"_{unit}"):
            return f"{column.removesuffix(f'_{unit}').replace('_', ' ')} ({unit.replace('5cm', '5 cm')})"
    return column.replace("_", " ")


def _cell(cell: dict[str, float | None]) -> str:
    if "low" not in cell:
        return _number(cell["mean"])
    return f"{_number(cell['mean'])} ({_number(cell['low'])}–{_number(cell['high'])})"


def _number(value: float | None) -> str:
    """Three figures, or none where nothing was defined."""
    if value is None or value != value:
        return ""
    digits = max(0, min(2, 2 - len(str(int(abs(value)))) + 1)) if abs(value) >= 1 else 2
    return f"{value:.{digits}f}"
