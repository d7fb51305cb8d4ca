"""Fit the simulated observer to the real front-end, and show how far they agree.

    python experiments/studies/simulator_fit/fit_simulator.py        (3 minutes on 2 cores; pulls the detectors and the sample clip)

Runs the front-end on the four views of the sample clip, compares it with the triangulated reference, and multiplies
the numbers of `sm_jax.data.simulator.error_model` until the simulator, on the same motion through the same cameras, errs as much.
Prints the fitted model, which is copied to that file by hand, and writes experiments/results/simulator.json and
docs/simulator.png for the model as it stands there.
"""

import dataclasses
import json
import os
import pathlib
import sys

import jax

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.studies.simulator_fit import clips, picture
from experiments.studies.simulator_fit.fit import PAIRS, fit, rounded
from experiments.studies.simulator_fit.statistics import measure
from sm_jax.body.io import load_body
from sm_jax.data.simulator.error_model import ErrorModel
from sm_jax.data.simulator.gross_errors import GrossErrorConfig
from sm_jax.data.simulator.simulate import SimulatorConfig
from sm_jax.evaluation.benchmarks.reference_clip import load_clip
from sm_jax.train.checkpoint import git_commit

HERE = pathlib.Path(__file__).parent
BEFORE = HERE / "data" / "simulator_before.json"  # the same statistics of the simulator of commit 48796a8
SEED, REPEATS, ROUNDS = 0, 16, 16
# On this clip nothing foreign stands before the people, and no mistake of kind was made.
PLAIN = SimulatorConfig(hiding=0.0, mistakes=GrossErrorConfig(limbs=0.0, people=0.0, lost=0.0))
NAMES = {
    "real": "front-end on the clip",
    "before": "simulator on the clip, before",
    "after": "simulator on the clip, fitted",
    "salsa": "simulator on salsa, all mistakes; jitter of the error",
}


def main() -> None:
    """Fit, compare, draw."""
    body, reference = load_body("open-low"), load_clip()
    run = jax.jit(lambda key, config, body: clips.of_clip(key, body, reference, config, REPEATS))
    see = lambda key, model: jax.device_get(run(key, dataclasses.replace(PLAIN, errors=model), body))  # noqa: E731
    real = clips.real(body, reference)
    wanted = measure(real)
    keys = jax.random.split(jax.random.key(SEED), ROUNDS)
    found = fit(lambda model, turn: measure(see(keys[turn], model)), ErrorModel(), wanted, ROUNDS)
    print(rounded(found))
    after, salsa = see(jax.random.key(SEED + 1), ErrorModel()), clips.of_dances(body, SimulatorConfig(), SEED)
    before, statistics = json.loads(BEFORE.read_text()), measure(after)
    curves = {"real": picture.curves(real), "before": before["curves"], "after": picture.curves(after)}
    curves["salsa"] = picture.curves(salsa, of_errors=True)
    result = {
        "what": f"the four-view clip seen by the front-end and, {REPEATS} times, by the simulator; salsa by the latter",
        "device": f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores",
        "commit": git_commit(),
        "seed": SEED,
        "statistics": {
            name: {"real": round(value, 3), "before": before["statistics"][name], "after": round(statistics[name], 3)}
            for name, value in wanted.items()
        },
        "pairs": PAIRS,
        "model": dataclasses.asdict(ErrorModel()),
        "fitted_now": dataclasses.asdict(rounded(found)),
        "edges": {"visible_fraction": picture.EDGES.tolist(), "error_mm": picture.ERRORS.tolist()},
        "curves": curves,
    }
    (HERE / "results" / "simulator.json").write_text(json.dumps(result, indent=1) + "\n")
    picture.draw(HERE.parent / "docs" / "simulator.png", curves, NAMES)
    print(json.dumps(result["statistics"], indent=1))


if __name__ == "__main__":
    main()
