"""How fast the body is."""

import json
import pathlib


def speed(results: pathlib.Path) -> str:
    """Time of the body layer beside others and the machine's bound."""
    result = json.loads((results / "bench_body.json").read_text())
    lines = ["| forward and backward, frames | ours (ms) | smplx | body-models | bound |", "|---|---|---|---|---|"]
    for name, row in result["layers"].items():
        what, _, batch = name.partition("_forward_backward_")
        if batch:
            keys = (f"{other}_over_ours" for other in ("smplx", "body_models", "bound"))
            cells = " | ".join(f"{row[key]:.2g}×" if key in row else "" for key in keys)
            lines.append(f"| {what}, {batch} | {row['ours_ms']:.3g} | {cells} |")
    return "\n".join([*lines, "", f"Times over ours. float32, {result['device']}, commit {result['commit']}."])
