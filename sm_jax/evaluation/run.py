"""Methods on benchmarks: every method sees the same clips, one after the other in one run."""

import functools
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import jax
from tqdm import tqdm

from sm_jax.body.io import load_body
from sm_jax.evaluation.baselines.method import Method, MethodInput
from sm_jax.evaluation.baselines.registry import settings
from sm_jax.evaluation.benchmarks.case import Case
from sm_jax.evaluation.metrics.bootstrap import summarise
from sm_jax.evaluation.protocols import Row
from sm_jax.evaluation.report import OURS, compare
from sm_jax.evaluation.result_cache import ResultCache
from sm_jax.text.contacts import contact_targets
from sm_jax.text.describers import rules
from sm_jax.text.describers.describer import describer_input
from sm_jax.text.encoder import TextEncoder
from sm_jax.types import Motion


def run(
    cases: Sequence[Case], methods: Mapping[str, Method], *, seed: int, what: str, kept: ResultCache, depends: str = ""
) -> dict[str, Any]:
    """Score every method on every case, and sum up.

    kept: rows that are done.  depends: what else rows depend on beside case, method and seed: weights, code, device.
    Returns "summary" and, of each level, its own; "failed" names the cases in which the front-end found no two people:
    no method is scored there. seconds: of the method alone, compiled before, on clips already described.
    """
    seen = [case for case in cases if case.observation is not None]
    timed = Timed(methods)
    rows: dict[str, list[Row]] = {name: [] for name in methods}
    with tqdm(total=len(seen) * len(methods), desc=what, unit="motion", disable=None) as bar:
        for number, case in enumerate(seen):
            keys = {name: json.dumps([what, case.name, name, settings(method), seed, depends])
                    for name, method in methods.items()}  # fmt: skip
            missing = [name for name in methods if kept.get(keys[name]) is None]
            if missing:
                clip, score = described(case, jax.random.fold_in(jax.random.key(seed), number)), case.scorer()
                for name in missing:
                    bar.set_postfix_str(name)
                    motion, seconds = timed(name, clip)
                    kept.add(keys[name], score(motion) | {"seconds": seconds})
                    bar.update()
            bar.update(len(methods) - len(missing))
            for name in methods:
                row = kept.get(keys[name])
                assert row is not None
                rows[name].append(row)
    return _summed_up(cases, seen, rows)


class Timed:
    """Methods with the seconds that they take, once compiled for a number of frames."""

    def __init__(self, methods: Mapping[str, Method]):
        self._methods, self._compiled = methods, set()

    def __call__(self, name: str, clip: MethodInput) -> tuple[Motion, float]:
        """A method's motion, on the host."""
        method, program = self._methods[name], (name, clip.observation.visibility.shape[1])
        if program not in self._compiled:
            method(clip)
            self._compiled.add(program)
        started = time.perf_counter()
        motion = jax.block_until_ready(method(clip))
        seconds = time.perf_counter() - started
        return jax.device_get(motion), seconds


def _summed_up(cases: Sequence[Case], seen: Sequence[Case], rows: dict[str, list[Row]]) -> dict[str, Any]:
    takes = [case.take for case in seen]
    levels = list(dict.fromkeys(case.level for case in seen))
    return {
        "clips": len(cases),
        "frames": sum(case.observation.visibility.shape[1] for case in seen if case.observation is not None),
        "takes": sorted(set(takes)),
        "failed": [case.name for case in cases if case.observation is None],
        "summary": {name: summarise(found, takes) for name, found in rows.items()},
        "verdicts": compare(rows, takes, OURS) if OURS in rows else {},
        "levels": {level: {name: _means(found, seen, level) for name, found in rows.items()} for level in levels},
        "rows": [
            {"case": case.name, "take": case.take, "method": name} | found[i]
            for i, case in enumerate(seen)
            for name, found in rows.items()
        ],
    }


def described(case: Case, key: jax.Array) -> MethodInput:
    """The clip as methods get it, described by the rules."""
    observation, body = case.observation, load_body(case.body)
    assert observation is not None
    description = rules.describe(describer_input(observation, body))
    return MethodInput(
        observation=observation,
        body=body,
        text=_encoder().encode_one(description.text),
        contacts=contact_targets(description.contacts, observation.visibility.shape[1]),
        key=key,
    )


@functools.cache
def _encoder() -> TextEncoder:
    return TextEncoder.load()


def _means(rows: list[Row], cases: Sequence[Case], level: str) -> dict[str, float]:
    """Column -> mean over the cases of a level."""
    chosen = [row for row, case in zip(rows, cases, strict=True) if case.level == level]
    return {column: cell["mean"] for column, cell in summarise(chosen).items()}
