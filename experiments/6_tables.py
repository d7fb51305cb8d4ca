"""Tables and plots of what was measured. Numbers are never typed.

    python experiments/6_tables.py                               (a second)
    python experiments/6_tables.py --sweep out/ablations/tiny

Without a sweep: rewrites what stands between `<!-- table: NAME -->` and `<!-- end -->` in README.md and docs/*.md from
experiments/results/*.json. With one: makes tables.md, tables.tex and tables.png in its folder from its results.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.lib.ablation_tables import write_tables
from experiments.lib.program import run
from experiments.lib.tables import embed_tables
from sm_jax.errors import UserError


def main(sweep: pathlib.Path | None = None) -> None:
    """Write tables. Raises UserError for a sweep that has no results.

    Args:
        sweep: the --out of experiments/5_ablate.py.
    """
    if sweep is None:
        embed_tables()
    elif not write_tables(sweep / "results", sweep):
        raise UserError(f"{sweep / 'results'}: no results of a sweep; run experiments/5_ablate.py --out {sweep}")


if __name__ == "__main__":
    run(main, __doc__)
