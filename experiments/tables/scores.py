"""What the shipped weights are."""

import pathlib

from sm_jax.train.weights import INFILLER, REFINER, load_weights, parameters


def training(_: pathlib.Path) -> str:
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
