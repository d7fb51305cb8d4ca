"""How fast training and sampling are, and what they cost."""

import json
import pathlib


def training(results: pathlib.Path) -> str:
    """Examples a second against the size of the batch."""
    result = json.loads((results / "bench_training.json").read_text())
    summary = result["summary"]
    by_size = result["torch_over_ours"].values()
    said = (
        f"Beside eager PyTorch {min(by_size):.2f} to {max(by_size):.2f}× as fast; eight devices that share the cores"
        f" take the largest batch {summary['partition_overhead_8']:.2f}× as fast as one."
    )
    return "\n".join(
        [*_rates(result, "examples_per_second", "examples a second, batch of"), "", said, "", _origin(result)]
    )


def sampling(results: pathlib.Path) -> str:
    """Frames a second against the clips in a batch."""
    result = json.loads((results / "bench_sampling.json").read_text())
    return "\n".join([*_rates(result, "frames_per_second", "frames a second, clips in a batch"), "", _origin(result)])


def guidance(results: pathlib.Path) -> str:
    """What guidance costs, in a denoising step and in a whole call."""
    result = json.loads((results / "bench_sampling.json").read_text())
    took, summary, settings = result["milliseconds"], result["summary"], result["settings"]
    rows = {
        "a denoising step": ("step", "guided_over_unguided"),
        f"a whole call: {settings['steps']} of them, {settings['polish']} of the last descent": (
            "call", "guided_call_over_unguided",
        ),
    }  # fmt: skip
    lines = ["| milliseconds | without guidance | with guidance | ratio |", "|---|---|---|---|"]
    for name, (key, ratio) in rows.items():
        lines.append(f"| {name} | {took[key]} | {took[f'guided {key}']} | {summary[ratio]:.2f} |")
    free = f"Classifier-free guidance in both: {result['classifier_free_guidance']}."
    return "\n".join([*lines, "", f"{free} {_origin(result)}"])


def to_energy(results: pathlib.Path) -> str:
    """How long L-BFGS without a prior takes to the energy of our result."""
    result = json.loads((results / "bench_sampling.json").read_text())
    found = result["lbfgs_to_our_energy"]
    lines = ["| clip | energy | ours (s) | L-BFGS: iterations | energy | time over ours |", "|---|---|---|---|---|---|"]
    for number, row in enumerate(found["clips"]):
        needed = row["lbfgs_iterations"] or f"more than {found['most_iterations']}"
        lines.append(
            f"| {number} | {row['energy']:.3f} | {row['seconds']:.2f} | {needed} | {row['lbfgs_energy']:.3f} |"
            f" {row['lbfgs_over_ours']:.2f}× |"
        )
    return "\n".join([*lines, "", _origin(result)])


def _rates(result: dict, name: str, what: str) -> list[str]:
    """Lines of a table: ways, their rates by the size of the batch, and the peak memory of their process."""
    rates = result[name]
    sizes = sorted({int(size) for by_size in rates.values() for size in by_size})
    lines = [f"| {what} | {' | '.join(map(str, sizes))} | peak memory (GiB) |", "|---" * (len(sizes) + 2) + "|"]
    for way, by_size in rates.items():
        cells = (f"{by_size[str(size)]:.1f}" if str(size) in by_size else "" for size in sizes)
        memory = next(gib for process, gib in result["peak_memory_gib"].items() if way.startswith(process))
        lines.append(f"| {way} | {' | '.join(cells)} | {memory:.1f} |")
    return lines


def _origin(result: dict) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in result["versions"].items() if version)
    what = f"{result['what'][0].upper()}{result['what'][1:]}"
    return f"{what}; {result['device']}, {packages}, commit {result['commit']}."
