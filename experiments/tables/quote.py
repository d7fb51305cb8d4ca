"""The generated tables, and putting them into the documents that quote them."""

import pathlib
import re

from experiments.tables import body, data, observer, results, scores, speed, words

ROOT = pathlib.Path(__file__).parent.parent.parent
RESULTS = ROOT / "experiments" / "results"
TABLES = {
    "headline": results.headline,
    "rendered": results.benchmark("rendered"),
    "simulated": results.benchmark("simulated"),
    "four_views": results.benchmark("four_views"),
    "methods": results.methods,
    "tuning": results.tuning,
    "training": scores.training,
    "body": body.speed,
    "speed_training": speed.training,
    "speed_sampling": speed.sampling,
    "guidance": speed.guidance,
    "to_energy": speed.to_energy,
    "fields": data.fields,
    "salsa_truth": data.salsa_truth,
    "simulator": observer.simulator,
    "synthetic": data.synthetic,
    "examples": observer.examples,
    "rule_facts": words.rule_facts,
    "semantics": words.semantics,
    "sentences": words.sentences,
}


def rewrite() -> None:
    """Replace what stands between `<!-- table: NAME -->` and `<!-- end -->` in README.md and docs/*.md."""
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
