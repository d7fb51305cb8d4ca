"""Tables of the simulated observer and of what training makes with it."""

import json
import pathlib


def simulator(results: pathlib.Path) -> str:
    """The simulated observer beside the real front-end on the same clip."""
    result = json.loads((results / "simulator.json").read_text())
    lines = ["| statistic | front-end | simulator before | fitted |", "|---|---|---|---|"]
    for name, row in result["statistics"].items():
        lines.append(f"| {name} | " + " | ".join(f"{row[key]:.3g}" for key in ("real", "before", "after")) + " |")
    return "\n".join([*lines, "", f"{result['what'][0].upper()}{result['what'][1:]}. Commit {result['commit']}."])


def examples(results: pathlib.Path) -> str:
    """How fast examples are made, beside how fast networks train on them."""
    result = json.loads((results / "bench_examples.json").read_text())
    rate = result["examples_per_second"]
    lines = ["| | examples a second | made over trained |", "|---|---|---|", f"| made | {rate['examples']:.0f} | |"]
    for size, ratio in result["made_over_trained"].items():
        lines.append(
            f"| {size}, {result['parameters'][size] / 1e6:.1f} M parameters | {rate[size]:.1f} | {ratio:.1f} |"
        )
    return "\n".join([*lines, "", f"{result['what']}; {result['device']}, commit {result['commit']}."])
