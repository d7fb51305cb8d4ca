"""Tables of what the data are."""

import json
import pathlib

from sm_jax.data.codec import FIELDS
from sm_jax.synthetic.classes import CLASSES


def fields(_: pathlib.Path) -> str:
    """The arrays of a sequence."""
    lines = ["| field | type | what |", "|---|---|---|"]
    for name, field in FIELDS.items():
        kind = "text" if field.dtype is str else field.dtype.__name__
        lines.append(f"| `{name}` | {'list of texts' if kind == 'text' and field.shape else kind} | {field.meaning} |")
    return "\n".join(lines)


def synthetic(results: pathlib.Path) -> str:
    """How the synthetic classes move, beside salsa."""
    result = json.loads((results / "synthetic.json").read_text())
    columns = {
        "skate": "skate (mm/s)",
        "deep": "deeper than 2 cm (share of frames)",
        "deepest": "deepest (mm)",
        "gap": "gap (mm)",
        "kept": "contacts kept",
        "limits": "beyond range (deg)",
        "peak": "peak (m/s²)",
        "read": "contacts read",
    }
    lines = ["| class | split | " + " | ".join(columns.values()) + " |", "|---" * (len(columns) + 2) + "|"]
    for name, row in result["classes"].items():
        cells = " | ".join("" if row[key] is None else f"{row[key]:.3g}" for key in columns)
        lines.append(f"| {name} | {CLASSES[name].split if name in CLASSES else ''} | {cells} |")
    return "\n".join([*lines, "", f"{result['per_class']} samples of each class, commit {result['commit']}."])


def salsa_truth(results: pathlib.Path) -> str:
    """What is wrong with the salsa set as ground truth."""
    result = json.loads((results / "salsa_truth.json").read_text())
    columns = {
        "closest_knuckles_median_mm": "hands that hold (mm apart)",
        "skate_measured_mm_s": "skate as measured (mm/s)",
        "skate_mm_s": "skate (mm/s)",
        "mesh_penetration_max_mm": "deepest vertex (mm)",
        "mesh_penetration_mean_mm": "mean depth (mm)",
        "deepest_point_mm": "deepest surface point (mm)",
        "frames_deeper_than_50_mm": "frames over 50 mm",
        "ankle_over_90_deg": "ankles over 90°",
        "elbow_over_155_deg": "elbows over 155°",
    }
    lines = ["| take | " + " | ".join(columns.values()) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, row in {**result["takes"], "mean over frames": result["mean_over_frames"]}.items():
        cells = " | ".join(_share_or_number(key, row.get(key)) for key in columns)
        lines.append(f"| {name} | {cells} |")
    note = f"Vertices in every {result['every']}th frame, surface points in all; shares of frames. "
    return "\n".join([*lines, "", f"{note}Commit {result['commit']}."])


def _share_or_number(key: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if key.endswith(("_mm", "_mm_s")) and "frames" not in key else f"{100 * value:.1f} %"
