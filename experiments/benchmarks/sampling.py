"""How fast is guided sampling? What guidance costs, frames a second, programs compiled; beside PyTorch and L-BFGS.

    python experiments/benchmarks/sampling.py        (22 minutes on 2 cores; with PyTorch where it is installed)

Clips of the rendered benchmark, the networks that ship and the shipped settings, whatever takes part timed in turns:
a denoising step and a whole call with guidance and without; batches of clips on one and on two devices that share this
machine's cores, beside the same networks, steps, surface points and energies in PyTorch, eager and by torch.compile;
and L-BFGS without a prior until its energy is ours. Writes experiments/results/bench_sampling.json and
docs/bench_sampling.png.
"""

import dataclasses
import importlib.util
import json
import os
import pathlib
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.lib.plots import curves
from experiments.lib.timing import Once, Seconds, Work, Worker, in_turns, rates, ratios, take_turns, versions
from sm_jax.assets.cache import cache_folder
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import REGIONS
from sm_jax.energies.combine import energy
from sm_jax.evaluation.baselines.optimisation import BLOCK, descend
from sm_jax.evaluation.benchmarks.sets import BENCHMARKS
from sm_jax.motion import windows
from sm_jax.motion.foot_contact import foot_contact, ground_height
from sm_jax.motion.frames import slice_observation
from sm_jax.motion.slerp_fill import fill_hidden
from sm_jax.pipeline.provenance import code_version
from sm_jax.pipeline.models import load_models
from sm_jax.sampling.chunks import Request, sample_clips
from sm_jax.sampling import sample
from sm_jax.sampling.clip_windows import ClipWindows, make_clip_windows
from sm_jax.sampling.inputs import SamplingInputs, make_evidence, make_sampling_inputs
from sm_jax.sampling.sample import Models, Settings, sample_many
from sm_jax.text.contacts import contact_targets
from sm_jax.text.describers.describer import describer_input
from sm_jax.text.rules.contacts import find_contacts
from sm_jax.types import Array, Contact, Motion, Observation, TextEmbedding

# Ways to sample a batch of clips with guidance, in processes of their own.


OURS, TWO, EAGER, COMPILED = "jax, 1 device", "jax, 2 devices", "torch, eager", "torch.compile"
THREADS = {EAGER: (1, 2), COMPILED: (2,)}  # compiling takes minutes, for each number


def measure_samplers(settings: Settings, batches: tuple[int, ...], rounds: int) -> tuple[Seconds, dict[str, float]]:
    """Seconds of a call by way and number of clips, and each process' peak memory in GiB."""
    workers = {
        OURS: Worker(jax_samples, 1, OURS, settings, batches),
        TWO: Worker(jax_samples, 2, TWO, settings, batches[1:]),
    }
    if importlib.util.find_spec("torch"):
        workers[EAGER] = Worker(torch_samples, 1, EAGER, settings, batches[::2])
        workers[COMPILED] = Worker(torch_samples, 1, COMPILED, settings, batches[:1])
    else:
        print("PyTorch is not installed: nothing to compare with (pip install torch)")
    seconds = in_turns(list(workers.values()), rounds)
    return seconds, {name: round(worker.finish(), 2) for name, worker in workers.items()}


def fastest(seconds: Seconds, kind: str) -> str | None:
    """The way of a kind with the best number of threads for the smallest batch; None where nothing was measured."""
    ways = [way for way in seconds if way.startswith(kind)]
    return min(ways, key=lambda way: float(np.median(next(iter(seconds[way].values())))), default=None)


def jax_samples(way: str, settings: Settings, batches: tuple[int, ...]) -> dict[Work, Once]:
    """All clips in one call, over all devices of the process."""
    tasks, body, _ = sampling_tasks(max(batches))
    models, _ = load_models()
    return {(way, n): lambda n=n: sample_many(tasks[:n], models, body, settings, n) for n in batches}


def torch_samples(kind: str, settings: Settings, batches: tuple[int, ...]) -> dict[Work, Once]:
    """All clips in one call, with each of some numbers of threads."""
    import torch  # pyright: ignore[reportMissingImports]

    from experiments.torch_reference.sampler import Sampler, given

    tasks, body, _ = sampling_tasks(max(batches))
    models, _ = load_models()
    how = {"compiler": torch.compile} if kind == COMPILED else {}

    def once(sampler: Sampler, threads: int) -> None:
        torch.set_num_threads(threads)
        sampler()

    found = {}
    for n in batches:
        known = given(tasks[:n], models, body)
        for threads in THREADS[kind]:
            sampler = Sampler(models, known, settings, **how)
            found[f"{kind}, {threads} thread{'s'[: threads - 1]}", n] = partial(once, sampler, threads)
    return found


sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

ROOT = pathlib.Path(__file__).parent.parent
OUT, PICTURE = ROOT / "experiments" / "results" / "bench_sampling.json", ROOT / "docs" / "bench_sampling.png"
SETTINGS, SEED, BATCHES, ROUNDS = Settings(), 0, (1, 2, 4, 8), 3


def main() -> None:
    """Measure and write down."""
    jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
    seconds, memory = measure_samplers(SETTINGS, BATCHES, ROUNDS)
    (tasks, body, frames), (models, _) = sampling_tasks(4), load_models()
    compiled = count_programs(observations()[0], models, body, SETTINGS, SEED)
    parts = take_turns(guidance_costs(models, body, tasks[0], SETTINGS), 10 * ROUNDS)
    beside = {kind: fastest(seconds, kind) for kind in (EAGER, COMPILED)}
    over = {way: ratios(seconds, way, OURS) for way in seconds if way != OURS}
    first = {kind: way and over[way][BATCHES[0]] for kind, way in beside.items()}
    result = {
        "what": f"guided sampling of clips of {frames} frames, float32; medians of turns, ratios within a turn",
        "device": f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores",
        "commit": code_version(),
        "versions": versions(),
        "seed": SEED,
        "settings": dataclasses.asdict(SETTINGS),
        "classifier_free_guidance": f"{SETTINGS.cfg_scale} where hidden: the network runs twice a step",
        "summary": {
            "guided_over_unguided": float(np.median(parts["guided step"] / parts["step"])),
            "guided_call_over_unguided": float(np.median(parts["guided call"] / parts["call"])),
            "vs_torch_eager": first[EAGER],
            "vs_torch_compile": first[COMPILED],
            "programs_compiled": compiled["programs"],
            "device": jax.devices()[0].device_kind,
        },
        "milliseconds": {name: round(1e3 * float(np.median(x)), 1) for name, x in parts.items()},
        "programs": compiled,
        "torch_fastest": beside,
        "time_over_ours": over,
        "frames_per_second": rates(seconds, frames),
        "peak_memory_gib": memory,
        "lbfgs_to_our_energy": measure_time_to_energy(models, body, tasks, SETTINGS, ROUNDS),
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    curves(result["frames_per_second"], ("clips in a batch", "frames a second"), result["what"], PICTURE)
    print(json.dumps(result, indent=1))


# Real clips as tasks of the sampler: those of the rendered benchmark, with every contact that their estimates show.


_TOKENS = 0.05 * jax.random.normal(jax.random.key(0), (32, 384))
TEXT = TextEmbedding(tokens=_TOKENS, mask=jnp.ones(32), pooled=_TOKENS.mean(axis=0))


def observations() -> tuple[list[Observation], smpl.Body]:
    """What the front-end made of the clips, all of one length, and the body."""
    cases = BENCHMARKS["rendered"]()
    return [case.observation for case in cases if case.observation is not None], load_body(cases[0].body)


def sampling_tasks(count: int) -> tuple[list[SamplingInputs], smpl.Body, int]:
    """The first so many clips, their body and the frames of each. The text is noise: its encoder is a download, and
    what it says costs no time in the networks."""
    observed, body = observations()
    frames, found = observed[0].visibility.shape[1], []
    for number, seen in enumerate(observed[:count]):
        contacts = contact_targets(find_contacts(describer_input(seen, body)), frames)
        found.append(make_sampling_inputs(seen, contacts, TEXT, jax.random.key(number)))
    return found, body, frames


# One denoising step with and without guidance: network and agreement of the windows, and the same with the descent.


T = 1  # at low noise the energies guide, wherever they begin to


def guidance_costs(
    models: Models, body: smpl.Body, task: SamplingInputs, settings: Settings
) -> dict[str, Callable[[], Any]]:
    """Steps and whole calls by name, plain and guided; each returns when it is done."""
    given = jax.device_put((models, body, task))
    weights = jax.device_put(settings.weights.active())
    once = (*given, weights, jax.jit(make_clip_windows)(given[2], given[1], models.statistics))
    same = dataclasses.replace(settings, weights=sample.UNWEIGHTED)
    plain = dataclasses.replace(settings, guidance_start=0)
    functions = {
        "step": partial(denoise, *once, dataclasses.replace(same, guidance_start=0)),
        "guided step": partial(denoise, *once, same),
        "call": partial(sample.sample, *given, plain),
        "guided call": partial(sample.sample, *given, settings),
    }
    return {name: lambda f=f: jax.block_until_ready(f()) for name, f in functions.items()}


@partial(jax.jit, static_argnames="settings")
def denoise(
    models: Models,
    body: smpl.Body,
    task: SamplingInputs,
    weights: Mapping[str, Array | float],
    windowed: ClipWindows,
    settings: Settings,
) -> jax.Array:
    """Windows [W, P, LENGTH, D] predicted from noise, as in every step of `sample.sample_jit`."""
    overlap_state = jnp.asarray(task.overlap_state)[0]

    def window_energy(x: jax.Array) -> jax.Array:
        return sample.clip_energies(body, task, windowed.estimate, weights, windowed.to_clip(x, overlap_state))[0]

    denoiser = sample.denoiser(models, windowed, overlap_state, window_energy, settings)
    return denoiser(jnp.asarray(task.noise)[0], jnp.full(task.noise.shape[1:2], T))


# How many programs do many different clips need?


CLIPS, SHORTEST = 50, 20  # frames


def count_programs(seen: Sequence[Observation], models: Models, body: smpl.Body, settings: Settings, seed: int) -> dict:
    """Programs compiled while clips of random lengths, texts, contacts and shapes of the people are reconstructed."""
    random = np.random.default_rng(seed)
    requests = [_request(seen[n % len(seen)], random, n) for n in range(CLIPS)]
    lengths = [request.observation.visibility.shape[1] for request in requests]
    before = _compiled()
    sample_clips(requests, models, body, settings)
    return {
        "programs": _compiled() - before,
        "clips": CLIPS,
        "different_lengths": len(set(lengths)),
        "buckets": sorted({windows.count(frames) for frames in lengths}),
    }


def _request(seen: Observation, random: np.random.Generator, number: int) -> Request:
    """The beginning of an observation, of people of other shapes, with another text and other contacts."""
    frames = int(random.integers(SHORTEST, seen.visibility.shape[1], endpoint=True))
    betas = random.normal(size=seen.motion.betas.shape).astype(np.float32)
    pairs = random.choice(REGIONS, size=(int(random.integers(4)), 2)).tolist()
    text = TextEmbedding(
        tokens=jnp.asarray(random.normal(size=(32, 384)), jnp.float32),
        mask=jnp.asarray(np.arange(32) < random.integers(33), jnp.float32),
        pooled=jnp.asarray(random.normal(size=384), jnp.float32),
    )
    return Request(
        observation=slice_observation(
            dataclasses.replace(seen, motion=dataclasses.replace(seen.motion, betas=betas)), slice(frames)
        ),
        text=text,
        contacts=contact_targets([Contact(region_a=a, region_b=b, end=frames) for a, b in pairs], frames),
        key=jax.random.key(number),
    )


def _compiled() -> int:
    return sample.sample_jit._cache_size()  # pyright: ignore[reportAttributeAccessIssue]


# How long does L-BFGS without a prior (`sm_jax.evaluation.baselines.optimisation`) take to where our sampler ends?


MOST = 640  # iterations


def measure_time_to_energy(
    models: Models, body: smpl.Body, tasks: Sequence[SamplingInputs], settings: Settings, rounds: int
) -> dict[str, Any]:
    """Of each clip: the energies, L-BFGS' iterations to ours (None if it needs more than MOST), seconds in turns."""
    weights, rows = jax.device_put(settings.weights.active()), []
    models, body, *tasks = jax.device_put((models, body, *tasks))
    for task in tasks:

        def ours(task: SamplingInputs = task) -> Motion:
            return jax.tree.map(lambda x: x[0], sample.sample(models, body, task, settings).motion)

        def theirs(iterations: int, task: SamplingInputs = task) -> Motion:
            return descend(body, task, weights, 0.0, iterations)

        def after(motion: Motion, task: SamplingInputs = task) -> float:
            return float(total(body, task, motion, weights))

        goal = after(ours())
        needed = least_iterations(lambda n: after(theirs(n)), goal)
        row = {"energy": goal, "lbfgs_iterations": needed, "lbfgs_energy": after(theirs(needed or MOST))}
        seconds = np.array([[_seconds(ours), _seconds(lambda: theirs(needed or MOST))] for _ in range(rounds)])  # noqa: B023
        row |= dict(zip(("seconds", "lbfgs_seconds"), np.median(seconds, axis=0).tolist(), strict=True))
        rows.append(row | {"lbfgs_over_ours": float(np.median(seconds[:, 1] / seconds[:, 0]))})
    return {"most_iterations": MOST, "clips": rows}


def least_iterations(energy_after: Callable[[int], float], goal: float) -> int | None:
    """The fewest iterations, in whole blocks and at most MOST, after which the energy is no more than the goal."""
    high = BLOCK
    while energy_after(high) > goal:
        if high >= MOST:
            return None
        high *= 2
    low = high // 2 if high > BLOCK else 0
    while high - low > BLOCK:
        middle = (low + high) // 2 // BLOCK * BLOCK
        low, high = (low, middle) if energy_after(middle) <= goal else (middle, high)
    return high


@jax.jit
def total(body: smpl.Body, task: SamplingInputs, motion: Motion, weights: Mapping[str, Array | float]) -> jax.Array:
    """The energy that L-BFGS minimises, of any motion: the feet touch where the estimate's do."""
    seen, mask = task.observation, task.observation.frame_mask
    estimate = fill_hidden(seen.motion, seen.visibility, mask)
    joints = smpl.pose(body, estimate).joints
    contact = foot_contact(joints, seen.fps, ground_height(joints, mask))
    return energy(body, motion, contact, make_evidence(task, estimate), weights)[0]


def _seconds(function: Callable[[], Any]) -> float:
    start = time.perf_counter()
    jax.block_until_ready(function())
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
