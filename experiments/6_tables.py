"""Put the generated tables into the documents that quote them: `python experiments/6_tables.py`, a second.

Rewrites what stands between `<!-- table: NAME -->` and `<!-- end -->` in README.md and docs/*.md from
experiments/results/*.json. Numbers are never typed.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.tables.quote import rewrite

if __name__ == "__main__":
    rewrite()
