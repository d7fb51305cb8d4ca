"""Put the generated tables into the documents that quote them: `python experiments/6_tables.py`, a second.

Rewrites what stands between `<!-- table: NAME -->` and `<!-- end -->` in README.md and docs/*.md from
experiments/results/*.json. Numbers are never typed.
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.tables import data, observer, scores, speed

ROOT = pathlib.Path(__file__).parent.parent
RESULTS = ROOT / "experiments" / "results"
TABLES = {
    "salsa_occlusion": scores.salsa_occlusion,
    "training": scores.training,
    "body": speed.body,
    "fields": data.fields,
    "salsa_truth": data.salsa_truth,
    "simulator": observer.simulator,
    "synthetic": data.synthetic,
    "examples": observer.examples,
}


def main() -> None:
    """Rewrite every quoted table."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = path.read_text()
        for name, make in TABLES.items():
            begin, end = f"<!-- table: {name} -->", "<!-- end -->"
            block = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
            if block.search(text):
                replacement = f"{begin}\n{make(RESULTS)}\n{end}"
                text = block.sub(lambda _, new=replacement: new, text)
        if text != path.read_text():
            path.write_text(text)
            print(f"{path.relative_to(ROOT)} rewritten")


if __name__ == "__main__":
    main()
