"""Tables of what is said of a clip: whether it is true, whether it helps, and whether it is done."""

import json
import pathlib
from typing import Any

COLUMNS = {"pair_pa_mm": ("pair PA-MPJPE (mm)", 1), "contact_f1": ("contact F1 (5 cm)", 3)}


def rule_facts(results: pathlib.Path) -> str:
    """Shares of the rules' sentences that are true, by set."""
    sets = json.loads((results / "rule_facts.json").read_text())["summary"]["sets"]
    lines = [
        "| set | described from | sentences | true in every statement | statements each |",
        "|---|---|---|---|---|",
    ]
    for name, by_source in sets.items():
        for source, found in by_source.items():
            share, each = 100 * found["true_sentences"], found["facts_per_sentence"]
            lines.append(f"| {name} | {source} | {found['sentences']} | {share:.1f} % | {each:.1f} |")
    return "\n".join(lines)


def semantics(results: pathlib.Path) -> str:
    """Of each way to reconstruct and each telling, the scores, and the difference to silence."""
    study = json.loads((results / "semantics.json").read_text())
    heads = [head for head, _ in COLUMNS.values()]
    head = ["way", "told", *heads, *(f"{name} over none" for name in heads)]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for way, by_kind in study["over_none"].items():
        for kind, cells in study["summary"][way].items():
            over = by_kind.get(kind)
            told = [_cell(cells[name], digits) for name, (_, digits) in COLUMNS.items()]
            beside = [_cell(over[name], digits, "+") if over else "" for name, (_, digits) in COLUMNS.items()]
            lines.append(f"| {' | '.join([way, kind, *told, *beside])} |")
    clips = len({row["clip"] for row in study["rows"]})
    weights = study["weights"]["infiller_sha256"][:12]
    note = f"{clips} clips of held-out classes × {study['seeds']} simulations; mean and 95 % interval over clips;"
    return "\n".join([*lines, "", f"{note} infiller {weights}, {study['device']}, commit {study['commit']}."])


def sentences(results: pathlib.Path) -> str:
    """Which of three sentences hold in the motions made under each, and how far the visible joints moved."""
    study = json.loads((results / "three_sentences.json").read_text())
    rows = study["rows"]
    asked = [text for text, row in rows.items() if row["contacts"]]
    head = ["told", *(f"“{text}” holds" for text in asked), "visible joints moved (mm), mean and 95 %"]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for text, row in rows.items():
        shares = [f"{100 * row['share_in_contact'][one]:.0f} %" for one in asked]
        moved = row["visible_joints_moved_mm"]
        change = f"{moved['mean']:.1f}, {moved['95 %']:.0f}"
        lines.append(f"| {' | '.join([text, *shares, change])} |")
    return "\n".join(
        [*lines, "", f"{study['clip']}, seed {study['seed']}, {study['device']}, commit {study['commit']}."]
    )


def _cell(cell: dict[str, Any], digits: int, sign: str = "") -> str:
    between = f" ({cell['low']:{sign}.{digits}f} to {cell['high']:{sign}.{digits}f})" if "low" in cell else ""
    return f"{cell['mean']:{sign}.{digits}f}{between}"
