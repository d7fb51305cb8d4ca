"""The benchmarks by name, and the simulated windows of any set of motion."""

import dataclasses
import logging
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.data import codec
from sm_jax.data.schema import PairSequence, View
from sm_jax.data.simulator.simulate import SimulatorConfig, simulate
from sm_jax.data.sources import bvh_pair
from sm_jax.data.store import open_set
from sm_jax.errors import UserError
from sm_jax.evaluation.benchmarks import four_views
from sm_jax.evaluation.benchmarks.case import Case, Score, TrueBodies, make_case
from sm_jax.evaluation.benchmarks.frozen import RENDERED, REOBSERVED, SIMULATED, VIEWS, load, rounded, take_of
from sm_jax.fitting.mocap.prepare import prepare
from sm_jax.motion import windows
from sm_jax.synthetic.recipes import BODY, line
from sm_jax.types import Motion, Observation

_LOGGER = logging.getLogger(__name__)


def frozen(path: pathlib.Path) -> list[Case]:
    """The cases of a frozen file of clips whose true bodies are known."""
    return [
        make_case(sequence, view, level, take_of(sequence.name), lambda s=sequence, v=view: TrueBodies(s, v))
        for sequence in load(path)
        for level, view in zip(VIEWS[path], sequence.views, strict=True)
    ]


BENCHMARKS: dict[str, Callable[[], list[Case]]] = {
    "rendered": lambda: frozen(RENDERED),
    "rendered_reobserved": lambda: frozen(REOBSERVED),
    "simulated": lambda: frozen(SIMULATED),
    "four_views": four_views.cases,
}


def simulated(
    takes: list[PairSequence], seeds: int, scorer: Callable[[PairSequence, View], Score] = TrueBodies
) -> list[Case]:
    """Non-overlapping windows of sequences, each observed by `seeds` independent simulations (camera, occlusion,
    errors) from fixed keys. scorer: makes the score of a window that is seen so."""
    cut = list(cut_windows(takes))
    cases = []
    for seed in range(seeds):
        for index, sequence in enumerate(cut):
            key = jax.random.fold_in(jax.random.key(seed), index)
            seen = rounded(jax.device_get(_simulate(key, sequence.motion, load_body(sequence.body))))
            view = View(camera=seen.camera, observation=seen)
            level, take = f"simulation {seed}", take_of(sequence.name)
            cases.append(make_case(sequence, view, level, take, lambda s=sequence, v=view: scorer(s, v)))
    return cases


def held_out(data: str, split: str) -> list[PairSequence]:
    """The sequences of a set's split that show two people for at least a window.

    data: a packaged set's name, or the path of an export or prepared folder. Raises UserError where there is none.
    """
    records = open_set(data).records
    if split not in records:
        raise UserError(f"{data} has no split {split}, only {', '.join(records)}: name one with --split")
    takes = [take for take in map(codec.decode, records[split])
             if take.present.all() and take.motion.pelvis.shape[1] >= windows.LENGTH]  # fmt: skip
    if not takes:
        raise UserError(f"{data}, {split}: no two people for {windows.LENGTH} frames; give longer motion")
    return takes


def from_bvh(first: pathlib.Path, second: pathlib.Path, **how: Any) -> list[PairSequence]:
    """Two people's BVH files of one recording, fitted to the packaged body; what is inferred of them is shown.

    how: as in `bvh_pair.read`. Raises UserError for files that are no pair or shorter than a window, before the fit.
    """
    landmarks, report = bvh_pair.read(first, second, **how)
    _LOGGER.info("%s", report.text())
    if (n_frames := landmarks.positions.shape[1]) < windows.LENGTH:
        raise UserError(
            f"{first}: {n_frames} frames at {landmarks.fps:.0f} fps, shorter than the {windows.LENGTH} of a window; "
            "give longer motion"
        )
    sequence, fit = prepare(load_body(BODY), landmarks, "bvh_pair")
    _LOGGER.info("%s", line(fit))
    return [sequence]


def cut_windows(takes: list[PairSequence]) -> Iterator[PairSequence]:
    """Non-overlapping windows of a window's length of every take."""
    for take in takes:
        record = codec.encode(take)
        for start in range(0, take.motion.pelvis.shape[1] - windows.LENGTH + 1, windows.LENGTH):
            cut = codec.decode(record, start, start + windows.LENGTH)
            yield dataclasses.replace(cut, name=f"{take.name}_from_{start}")


@jax.jit
def _simulate(key: jax.Array, truth: Motion, body: smpl.Body) -> Observation:
    return simulate(key, jax.tree.map(jnp.asarray, truth), body, SimulatorConfig())
