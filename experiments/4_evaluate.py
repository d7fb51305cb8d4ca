"""Every method on every frozen benchmark, and the documents that quote it.

    python experiments/4_evaluate.py        (an hour on 2 cores; goes on where it was interrupted)

Writes experiments/results/baselines.json and puts its tables into README.md and docs/results.md. Other weights, other
data, or one benchmark alone: `sm-jax evaluate --help`.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.lib.program import run
from experiments.lib.results import RESULTS
from experiments.lib.tables import embed_tables
from sm_jax.evaluation.benchmarks.sets import BENCHMARKS
from sm_jax.evaluation.evaluate import EvaluationConfig, evaluate


def main() -> None:
    """Score, and put the tables into the documents."""
    evaluate(EvaluationConfig(benchmarks=tuple(BENCHMARKS)), RESULTS / "baselines.json")
    embed_tables()


if __name__ == "__main__":
    run(main, __doc__)
