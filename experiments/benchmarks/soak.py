"""Does a process that reconstructs clip after clip keep its memory? Resident memory and device buffers over time.

    python -m experiments.benchmarks.soak        (an hour; --minutes 2 to see that it works)

Clips of the packaged validation take, of different lengths, seen by the simulated observer with both people or only one
of them there, are reconstructed a few at a time, with a sentence and without. Time counts once a clip of each number of
windows has been through, which compiles what there is to compile. Writes soak.json beside the other results
and draws soak.png for the docs.
"""

import dataclasses
import itertools
import json
import os
import pathlib
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.lib.plots import plot_over_time
from experiments.lib.program import run
from experiments.lib.results import DOCS, RESULTS, write_result
from sm_jax.body.io import load_body
from sm_jax.data.simulator.simulate import SimulatorConfig, simulate
from sm_jax.data.store import load_salsa
from sm_jax.errors import UserError
from sm_jax.motion import windows
from sm_jax.motion.frames import map_frames, slice_observation
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.reconstruct import reconstruct_many
from sm_jax.types import Observation

OUT, PICTURE = RESULTS / "soak.json", DOCS / "soak.png"
FRAMES, SHORTEST, CLIPS = 120, 8, 4  # of a simulated view; of a clip; in a call
PEOPLE = ((1.0, 1.0), (1.0, 0.0))  # who is there
SENTENCES = (None, "Two people dance salsa together.", "One person has let go of the other's hand and turns.")

Call = tuple[Sequence[Observation], Sequence[str | None]]
"""Clips, and what is said of each."""


@dataclasses.dataclass(frozen=True)
class Sample:
    """What the process holds after a call. seconds: since the soak began, negative before.  resident_mib: memory that
    the system counts as the process'.  buffers, buffers_mib: arrays on the devices."""

    seconds: float
    clips: int
    resident_mib: float
    buffers: int
    buffers_mib: float


def simulated_views(seed: int) -> list[Observation]:
    """Every FRAMES frames of the packaged validation takes, once with each of PEOPLE, each from a camera of its own."""
    views = []
    for take in load_salsa("val"):
        body, starts = load_body(take.body), range(0, take.motion.pelvis.shape[1] - FRAMES + 1, FRAMES)
        for start, present in itertools.product(starts, PEOPLE):
            truth = map_frames(take.motion, lambda x, start=start: x[:, start : start + FRAMES])
            key = jax.random.fold_in(jax.random.key(seed), len(views))
            seen = _simulate(key, jax.tree.map(jnp.asarray, truth), body, SimulatorConfig(), jnp.array(present))
            views.append(jax.device_get(seen))
    return views


_simulate = jax.jit(simulate)


def warming_calls(views: list[Observation]) -> Iterator[Call]:
    """A call for each number of windows that a clip can have, and each of PEOPLE; with and without a sentence."""
    longest = {windows.count(frames): frames for frames in range(SHORTEST, FRAMES + 1)}
    for frames in longest.values():
        yield [slice_observation(view, slice(frames)) for view in views[: len(PEOPLE)]], [*SENTENCES[: len(PEOPLE)]]


def random_calls(views: list[Observation], seed: int) -> Iterator[Call]:
    """Calls without end: any stretches of any views, any sentences."""
    chance = np.random.default_rng(seed)
    while True:
        clips = []
        for view in chance.choice(len(views), CLIPS):
            frames = int(chance.integers(SHORTEST, FRAMES, endpoint=True))
            start = int(chance.integers(FRAMES - frames, endpoint=True))
            clips.append(slice_observation(views[view], slice(start, start + frames)))
        yield clips, [SENTENCES[i] for i in chance.choice(len(SENTENCES), CLIPS)]


def soak(
    call: Callable[[Sequence[Observation], Sequence[str | None]], Any],
    warming: Iterator[Call],
    calls: Iterator[Call],
    minutes: float,
) -> list[Sample]:
    """What the process holds after each call. All of `warming` comes before time counts."""
    start, before, clips = time.monotonic(), [], 0
    for what in warming:
        call(*what)
        clips += len(what[0])
        before.append(_sample(time.monotonic() - start, clips))
    begin = time.monotonic()
    samples = [dataclasses.replace(sample, seconds=sample.seconds - (begin - start)) for sample in before]
    while time.monotonic() - begin < 60 * minutes:
        what = next(calls)
        call(*what)
        clips += len(what[0])
        samples.append(_sample(time.monotonic() - begin, clips))
    return samples


def _sample(seconds: float, clips: int) -> Sample:
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    arrays = jax.live_arrays()
    return Sample(
        seconds=seconds,
        clips=clips,
        resident_mib=round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1),
        buffers=len(arrays),
        buffers_mib=round(sum(array.nbytes for array in arrays) / 2**20, 2),
    )


def summarise(samples: list[Sample]) -> dict[str, Any]:
    """How far memory went up after the warm-up. growth: the last tenth's median over the first tenth's, less one.
    range: the most over the least, less one."""
    soaked = [sample for sample in samples if sample.seconds >= 0]
    found: dict[str, Any] = {"calls": len(soaked), "clips": soaked[-1].clips - samples[-len(soaked) - 1].clips}
    tenth = -(-len(soaked) // 10)
    for name in ("resident_mib", "buffers", "buffers_mib"):
        values = np.array([getattr(sample, name) for sample in soaked], float)
        found[name] = {
            "median": round(float(np.median(values)), 1),
            "growth": round(float(np.median(values[-tenth:]) / np.median(values[:tenth])) - 1, 4),
            "range": round(float(values.max() / values.min()) - 1, 4),
        }
    return found


def main(minutes: float = 60.0, seed: int = 0) -> None:
    """Soak and write down. minutes: after the warm-up.  seed: of cameras, clips and sentences."""
    if minutes <= 0:
        raise UserError(f"--minutes {minutes:g}: give a number above zero")
    keep_compiled_programs()
    views = simulated_views(seed)
    call = partial(reconstruct_many, seed=seed, batch=2)
    samples = soak(call, warming_calls(views), random_calls(views, seed), minutes)
    result = write_result(
        OUT,
        what="memory of one process that reconstructs clips of different lengths, with one or two people, with and"
        " without text",
        config={"minutes": minutes, "frames": [SHORTEST, FRAMES], "clips_in_a_call": CLIPS, "sentences": SENTENCES},
        seed=seed,
        summary=summarise(samples),
        columns=[field.name for field in dataclasses.fields(Sample)],
        samples=[dataclasses.astuple(dataclasses.replace(s, seconds=round(s.seconds, 1))) for s in samples],
    )
    plot_over_time(
        [sample.seconds / 60 for sample in samples],
        {
            "resident memory (MiB)": [sample.resident_mib for sample in samples],
            "device buffers (MiB)": [sample.buffers_mib for sample in samples],
        },
        "minutes since the warm-up",
        f"{result['summary']['clips']} clips in one process; {result['device']}, commit {result['commit']}",
        PICTURE,
    )
    print(json.dumps(result["summary"], indent=1))


if __name__ == "__main__":
    run(main, __doc__)
