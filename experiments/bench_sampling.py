"""How fast is guided sampling? What guidance costs, frames a second, programs compiled; beside PyTorch and L-BFGS.

    python experiments/bench_sampling.py        (22 minutes on 2 cores; with PyTorch where it is installed)

Clips of the rendered benchmark, the networks that ship and the shipped settings, whatever takes part timed in turns:
a denoising step and a whole call with guidance and without; batches of clips on one and on two devices that share this
machine's cores, beside the same networks, steps, surface points and energies in PyTorch, eager and by torch.compile;
and L-BFGS without a prior until its energy is ours. Writes experiments/results/bench_sampling.json and
docs/bench_sampling.png.
"""

import dataclasses
import json
import os
import pathlib
import sys

import jax
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.benchmarks import clips, guided, programs, to_energy
from experiments.benchmarks.plots import curves
from experiments.benchmarks.turns import rates, ratios, take_turns
from experiments.benchmarks.versions import versions
from experiments.benchmarks.ways_to_sample import COMPILED, EAGER, OURS, fastest, measure
from sm_jax.fetch import cache_folder
from sm_jax.pipeline import load_models
from sm_jax.sampling import Settings
from sm_jax.train.checkpoint import git_commit

ROOT = pathlib.Path(__file__).parent.parent
OUT, PICTURE = ROOT / "experiments" / "results" / "bench_sampling.json", ROOT / "docs" / "bench_sampling.png"
SETTINGS, SEED, BATCHES, ROUNDS = Settings(), 0, (1, 2, 4, 8), 3


def main() -> None:
    """Measure and write down."""
    jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
    seconds, memory = measure(SETTINGS, BATCHES, ROUNDS)
    (tasks, body, frames), (models, _) = clips.tasks(4), load_models()
    compiled = programs.count(clips.observations()[0], models, body, SETTINGS, SEED)
    parts = take_turns(guided.ways(models, body, tasks[0], SETTINGS), 10 * ROUNDS)
    beside = {kind: fastest(seconds, kind) for kind in (EAGER, COMPILED)}
    over = {way: ratios(seconds, way, OURS) for way in seconds if way != OURS}
    first = {kind: way and over[way][BATCHES[0]] for kind, way in beside.items()}
    result = {
        "what": f"guided sampling of clips of {frames} frames, float32; medians of turns, ratios within a turn",
        "device": f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores",
        "commit": git_commit(),
        "versions": versions(),
        "seed": SEED,
        "settings": dataclasses.asdict(SETTINGS),
        "classifier_free_guidance": f"{SETTINGS.text_scale} where hidden: the network runs twice a step",
        "summary": {
            "guided_over_unguided": float(np.median(parts["guided step"] / parts["step"])),
            "guided_call_over_unguided": float(np.median(parts["guided call"] / parts["call"])),
            "vs_torch_eager": first[EAGER],
            "vs_torch_compile": first[COMPILED],
            "programs_compiled": compiled["programs"],
            "device": jax.devices()[0].device_kind,
        },
        "milliseconds": {name: round(1e3 * float(np.median(x)), 1) for name, x in parts.items()},
        "programs": compiled,
        "torch_fastest": beside,
        "time_over_ours": over,
        "frames_per_second": rates(seconds, frames),
        "peak_memory_gib": memory,
        "lbfgs_to_our_energy": to_energy.measure(models, body, tasks, SETTINGS, ROUNDS),
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    curves(result["frames_per_second"], ("clips in a batch", "frames a second"), result["what"], PICTURE)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
