"""Put the generated tables into the documents that quote them: `python experiments/6_tables.py`, a second.

Rewrites what stands between `<!-- table: NAME -->` and `<!-- end -->` in README.md and docs/*.md from
experiments/results/*.json. Numbers are never typed.
"""

import json
import pathlib
import re

from sm_jax.evaluate import table
from sm_jax.train.weights import INFILLER, REFINER, load_weights, parameters

ROOT = pathlib.Path(__file__).parent.parent
RESULTS = ROOT / "experiments" / "results"


def salsa_occlusion() -> str:
    """Methods on held-out salsa under simulated occlusion."""
    result = json.loads((RESULTS / "salsa_occlusion.json").read_text())
    note = (
        f"{len(result['takes'])} held-out takes, {result['windows']} windows of 64 frames × {result['seeds']} simulated"
        f" observations, {result['steps']} denoising steps, {result['device']}, commit {result['commit']}."
    )
    return f"{table(result['summary'])}\n\n{note}"


def training() -> str:
    """What the shipped weights were trained on, and for how long."""
    names = ("hidden_rooted_mpjpe", "acceleration_error")
    lines = [
        "| network | parameters | steps | windows a step | hidden joints (mm) | acceleration error (m/s²) |",
        "|---|---|---|---|---|---|",
    ]
    for path, start in ((INFILLER, "estimate"), (REFINER, "infilled")):
        weights = load_weights(path)
        facts, held_out = weights.facts, weights.facts["validation"]
        before, after = (
            " | ".join(f"{held_out[f'val/{part}{name}']:.1f}" for name in names) for part in (f"{start}/", "")
        )
        batch = facts["config"]["data"]["batch"]
        lines.append(f"| before the {path.stem} | | | | {before} |")
        lines.append(f"| {path.stem} | {parameters(weights.params):,} | {facts['steps']:,} | {batch} | {after} |")
    return "\n".join(lines)


def body() -> str:
    """Time of the body layer beside others and the machine's bound."""
    result = json.loads((RESULTS / "bench_body.json").read_text())
    lines = ["| forward and backward, frames | ours (ms) | smplx | body-models | bound |", "|---|---|---|---|---|"]
    for name, row in result["layers"].items():
        what, _, batch = name.partition("_forward_backward_")
        if batch:
            keys = (f"{other}_over_ours" for other in ("smplx", "body_models", "bound"))
            cells = " | ".join(f"{row[key]:.2g}×" if key in row else "" for key in keys)
            lines.append(f"| {what}, {batch} | {row['ours_ms']:.3g} | {cells} |")
    return "\n".join([*lines, "", f"Times over ours. float32, {result['device']}, commit {result['commit']}."])


TABLES = {"salsa_occlusion": salsa_occlusion, "training": training, "body": body}


def main() -> None:
    """Rewrite every quoted table."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = path.read_text()
        for name, make in TABLES.items():
            begin, end = f"<!-- table: {name} -->", "<!-- end -->"
            block = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
            if block.search(text):
                replacement = f"{begin}\n{make()}\n{end}"
                text = block.sub(lambda _, new=replacement: new, text)
        if text != path.read_text():
            path.write_text(text)
            print(f"{path.relative_to(ROOT)} rewritten")


if __name__ == "__main__":
    main()
