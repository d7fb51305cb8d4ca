"""Are the rules' sentences true? What they say of estimates, and of the truth, is checked against the true motion.

    python -m experiments.studies.rule_captions --synthetic data/synthetic.npz        (30 minutes on 2 cores)

Writes experiments/results/rule_facts.json. Windows of 64 frames of the packaged salsa and of the synthetic set, under
simulated observations; then the frozen benchmarks, of which `rendered` went through the real front-end. A sentence is
true if every statement in it is, by tests of their own (`rule_captions.facts`).
"""

import json
import pathlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from experiments.lib.program import run
from experiments.lib.results import RESULTS, write_result
from experiments.studies.rule_captions.facts import TOLERANCES, check
from experiments.studies.rule_captions.pairs import PairWindow, frozen_pairs, simulated_pairs
from sm_jax.evaluation.benchmarks.frozen import RENDERED, SIMULATED
from sm_jax.text.describers import rules

OUT = RESULTS / "rule_facts.json"


class Tally:
    """Sentences and statements, all and the true ones."""

    def __init__(self):
        self.sentences, self.true, self.kinds, self.true_kinds = 0, 0, Counter[str](), Counter[str]()
        self.wrong: list[str] = []

    def add(self, name: str, sentence: str, pair: PairWindow) -> None:
        """Count one sentence about one window; "are together" states nothing and is no statement."""
        found = [statement for statement in check(sentence, pair) if statement[0] != "nothing"]
        self.sentences += 1
        self.true += all(true for _, _, true in found)
        self.kinds.update(kind for kind, _, _ in found)
        self.true_kinds.update(kind for kind, _, true in found if true)
        self.wrong += [f"{name}: {clause}" for _, clause, true in found if not true]

    def summary(self) -> dict[str, Any]:
        """Shares of true sentences and statements, and how many statements a sentence has."""
        stated, true = sum(self.kinds.values()), sum(self.true_kinds.values())
        return {
            "sentences": self.sentences,
            "true_sentences": self.true / self.sentences,
            "facts_per_sentence": stated / self.sentences,
            "true_facts": true / stated,
            "kinds": {k: {"stated": n, "true": self.true_kinds[k] / n} for k, n in sorted(self.kinds.items())},
            "wrong": self.wrong,
        }


def main(synthetic: pathlib.Path, seed: int = 1, stride: int = 160) -> None:
    """Describe, check and count.

    Args:
        synthetic: a prepared synthetic set.
        seed: of the simulated observations.
        stride: frames between the windows of a sequence.
    """
    sets: dict[str, Iterator[PairWindow]] = {"salsa": simulated_pairs("salsa", seed, stride)}
    sets |= {"synthetic": simulated_pairs(str(synthetic), seed, stride)}
    sets |= {"rendered": frozen_pairs(RENDERED), "simulated": frozen_pairs(SIMULATED)}
    tallies: dict[str, tuple[Tally, Tally]] = {name: (Tally(), Tally()) for name in (*sets, "salsa and synthetic")}
    for name, pairs in sets.items():
        for number, pair in enumerate(pairs):
            for scene, which in ((pair.seen, 0), (pair.true, 1)):
                sentence = rules.describe(scene, number).text
                for into in (name, *(["salsa and synthetic"] if name in ("salsa", "synthetic") else [])):
                    tallies[into][which].add(pair.name, sentence, pair)
        print(name, json.dumps(tallies[name][0].summary(), indent=1), flush=True)
    both = {name: {"estimate": seen.summary(), "truth": true.summary()} for name, (seen, true) in tallies.items()}
    share = both["salsa and synthetic"]["estimate"]["true_sentences"]
    write_result(
        OUT,
        what="how many of the rules' sentences are true of the true motion",
        config={"stride": stride, "tolerances": TOLERANCES},
        seed=seed,
        summary={"rule_facts_true_share": share, "sets": both},
    )


if __name__ == "__main__":
    run(main, __doc__)
