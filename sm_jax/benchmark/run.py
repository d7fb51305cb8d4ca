"""Methods on benchmarks: every method sees the same clips, one after the other in one run."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
from tqdm import tqdm

from sm_jax.baselines.method import Clip, Method
from sm_jax.benchmark.case import Case
from sm_jax.benchmark.compare import OURS, compare
from sm_jax.body.assets import load_body
from sm_jax.metrics.bootstrap import summarise
from sm_jax.metrics.protocols import Row
from sm_jax.scene import scene_of
from sm_jax.text import rules
from sm_jax.text.contacts import contact_targets
from sm_jax.text.encoder import TextEncoder


def run(cases: Sequence[Case], methods: Mapping[str, Method], *, seed: int, what: str) -> dict[str, Any]:
    """Score every method on every case, and sum up.

    Returns "summary" and, of each level, its own; "failed" names the cases in which the front-end found no two people:
    no method is scored there. seconds: of the method alone, compiled before, on clips already described.
    """
    rows: dict[str, list[Row]] = {name: [] for name in methods}
    seen = [case for case in cases if case.observation is not None]
    compiled: set[tuple[str, int]] = set()
    with tqdm(total=len(seen) * len(methods), desc=what, unit="motion") as bar:
        for case, clip in zip(seen, described(seen, seed), strict=True):
            score = case.scorer()
            for name, method in methods.items():
                bar.set_postfix_str(name)
                frames = clip.observation.visibility.shape[1]
                if (name, frames) not in compiled:
                    method(clip)
                    compiled.add((name, frames))
                started = time.perf_counter()
                motion = jax.block_until_ready(method(clip))
                seconds = time.perf_counter() - started
                rows[name].append(score(jax.device_get(motion)) | {"seconds": seconds})
                bar.update()
    takes = [case.take for case in seen]
    levels = sorted({case.level for case in seen}, key=[case.level for case in seen].index)
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


def described(cases: Sequence[Case], seed: int) -> Iterator[Clip]:
    """The clips as methods get them, described by the rules."""
    encoder = TextEncoder.load()
    for number, case in enumerate(cases):
        observation, body = case.observation, load_body(case.body)
        assert observation is not None
        description = rules.describe(scene_of(observation, body))
        yield Clip(
            observation=observation,
            body=body,
            text=encoder.encode_one(description.text),
            contacts=contact_targets(description.contacts, observation.visibility.shape[1]),
            key=jax.random.fold_in(jax.random.key(seed), number),
        )


def _means(rows: list[Row], cases: list[Case], level: str) -> dict[str, float]:
    """Column -> mean over the cases of a level."""
    chosen = [row for row, case in zip(rows, cases, strict=True) if case.level == level]
    return {column: cell["mean"] for column, cell in summarise(chosen).items()}
