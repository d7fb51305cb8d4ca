"""Fit the simulated observer to the real front-end, and show how far they agree.

    python -m experiments.studies.simulator_fit        (3 minutes on 2 cores; pulls the detectors and the sample clip)

Runs the front-end on the four views of the sample clip, compares it with the triangulated reference, and multiplies the
numbers of `sm_jax.data.simulator.error_model` until the simulator, on the same motion through the same cameras, errs as
much. Prints the fitted model, which is copied to that file by hand, and writes experiments/results/simulator.json and
docs/simulator.png for the model as it stands there.
"""

import dataclasses
import json
import pathlib

import jax

from experiments.lib.frontend_errors import EstimateAndTruth, measure
from experiments.lib.program import run
from experiments.lib.results import DOCS, RESULTS, write_result
from experiments.studies.simulator_fit.clips import observed_views, simulated_dances, simulated_views
from experiments.studies.simulator_fit.fit import PAIRS, fit, rounded
from experiments.studies.simulator_fit.picture import EDGES, ERRORS, draw_curves, error_curves
from sm_jax.body.io import load_body
from sm_jax.data.simulator.error_model import ErrorModel
from sm_jax.data.simulator.gross_errors import GrossErrorConfig
from sm_jax.data.simulator.simulate import SimulatorConfig
from sm_jax.evaluation.benchmarks.reference_clip import load_clip

OUT, PICTURE = RESULTS / "simulator.json", DOCS / "simulator.png"
BEFORE = pathlib.Path(__file__).parent / "before.json"  # the same statistics of the simulator of commit 48796a8
SEED, REPEATS, ROUNDS = 0, 16, 16
# On this clip nothing foreign stands before the people, and no gross error was made.
PLAIN = SimulatorConfig(hiding=0.0, gross_errors=GrossErrorConfig(limbs=0.0, people=0.0, lost=0.0))
LABELS = {
    "real": "front-end on the clip",
    "before": "simulator on the clip, before",
    "after": "simulator on the clip, fitted",
    "salsa": "simulator on salsa, all mistakes; jitter of the error",
}


def main() -> None:
    """Fit, compare, draw."""
    body, reference = load_body("open-low"), load_clip()
    run_views = jax.jit(lambda key, config, body: simulated_views(key, body, reference, config, REPEATS))

    def simulated(key: jax.Array, model: ErrorModel) -> EstimateAndTruth:
        return jax.device_get(run_views(key, dataclasses.replace(PLAIN, errors=model), body))

    real = observed_views(body, reference)
    wanted, keys = measure(real), jax.random.split(jax.random.key(SEED), ROUNDS)
    fitted = fit(lambda model, turn: measure(simulated(keys[turn], model)), ErrorModel(), wanted, ROUNDS)
    print(rounded(fitted))
    after, salsa = simulated(jax.random.key(SEED + 1), ErrorModel()), simulated_dances(body, SimulatorConfig(), SEED)
    before, statistics = json.loads(BEFORE.read_text()), measure(after)
    curves = {"real": error_curves(real), "before": before["curves"], "after": error_curves(after)}
    curves["salsa"] = error_curves(salsa, of_errors=True)
    result = write_result(
        OUT,
        what=f"the four-view clip seen by the front-end and, {REPEATS} times, by the simulator; salsa by the latter",
        config={"repeats": REPEATS, "rounds": ROUNDS, "pairs": PAIRS},
        seed=SEED,
        statistics={
            name: {"real": round(value, 3), "before": before["statistics"][name], "after": round(statistics[name], 3)}
            for name, value in wanted.items()
        },
        model=dataclasses.asdict(ErrorModel()),
        fitted_now=dataclasses.asdict(rounded(fitted)),
        edges={"visible_fraction": EDGES.tolist(), "error_mm": ERRORS.tolist()},
        curves=curves,
    )
    draw_curves(PICTURE, curves, LABELS)
    print(json.dumps(result["statistics"], indent=1))


if __name__ == "__main__":
    run(main, __doc__)
