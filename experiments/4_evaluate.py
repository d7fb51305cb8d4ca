"""Every method on every frozen benchmark, and the documents that quote it.

    python experiments/4_evaluate.py        (an hour on 2 cores)

Writes experiments/results/baselines.json and puts its tables into README.md and docs/results.md. Other weights, other
data, or one benchmark alone: `sm-jax evaluate --help`.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.tables.quote import RESULTS, rewrite
from sm_jax.benchmark.sets import BENCHMARKS
from sm_jax.evaluate import Question, evaluate

if __name__ == "__main__":
    evaluate(Question(benchmarks=tuple(BENCHMARKS)), RESULTS / "baselines.json")
    rewrite()
