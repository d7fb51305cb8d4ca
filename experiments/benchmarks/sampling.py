"""How fast is guided sampling? What guidance costs, frames a second, programs compiled; beside PyTorch and L-BFGS.

    python -m experiments.benchmarks.sampling        (22 minutes on 2 cores; with PyTorch where it is installed)

Clips of the rendered benchmark, the networks that ship and the shipped settings, whatever takes part timed in turns:
a denoising step and a whole call with guidance and without; batches of clips on one and on two devices that share this
machine's cores, beside the same networks, steps, surface points and energies in PyTorch, eager and by torch.compile;
and L-BFGS without a prior until its energy is ours. Writes experiments/results/bench_sampling.json and
docs/bench_sampling.png.
"""

import dataclasses
import importlib.util
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.lib.plots import plot_rates
from experiments.lib.program import run
from experiments.lib.results import DOCS, RESULTS, write_result
from experiments.lib.timing import (
    Call,
    Seconds,
    Work,
    Worker,
    rates,
    ratios,
    time_interleaved,
    time_workers_interleaved,
)
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import REGIONS
from sm_jax.energies.combine import energy
from sm_jax.evaluation.baselines.optimisation import BLOCK, descend
from sm_jax.evaluation.benchmarks.sets import BENCHMARKS
from sm_jax.motion import state, windows
from sm_jax.motion.foot_contact import foot_contact, ground_height
from sm_jax.motion.frames import slice_observation
from sm_jax.motion.slerp_fill import fill_hidden
from sm_jax.pipeline.folder import keep_compiled_programs
from sm_jax.pipeline.models import load_models
from sm_jax.sampling import program_cache, sample
from sm_jax.sampling.chunks import Request, sample_clips
from sm_jax.sampling.clip_windows import ClipWindows, make_clip_windows
from sm_jax.sampling.inputs import SamplingInputs, make_evidence, make_sampling_inputs
from sm_jax.sampling.sample import Models, Settings, sample_many
from sm_jax.text.contacts import contact_targets
from sm_jax.text.describers.describer import describer_input
from sm_jax.text.rules.contacts import find_contacts
from sm_jax.types import Array, Contact, Motion, Observation, TextEmbedding

OUT, PICTURE = RESULTS / "bench_sampling.json", DOCS / "bench_sampling.png"
SETTINGS, SEED, BATCHES, ROUNDS = Settings(), 0, (1, 2, 4, 8), 3

ONE_DEVICE, TWO_DEVICES, EAGER, COMPILED = "jax, 1 device", "jax, 2 devices", "torch, eager", "torch.compile"
THREADS = {EAGER: (1, 2), COMPILED: (2,)}  # compiling takes minutes, for each number

LOW_NOISE = 1  # t at which a denoising step is timed: there the energies guide, wherever they begin to
RANDOM_CLIPS, SHORTEST = 50, 20  # clips of different lengths, from so many frames on
MOST_ITERATIONS = 640  # of L-BFGS


# Real clips as inputs of the sampler: those of the rendered benchmark, with every contact that their estimates show.


def clip_observations() -> tuple[list[Observation], smpl.Body]:
    """What the front-end made of the clips, all of one length, and the body."""
    cases = BENCHMARKS["rendered"]()
    return [case.observation for case in cases if case.observation is not None], load_body(cases[0].body)


def clip_inputs(count: int) -> tuple[list[SamplingInputs], smpl.Body, int]:
    """The first so many clips, their body and the frames of each. The text is noise: its encoder is a download, and
    what it says costs no time in the networks."""
    observed, body = clip_observations()
    text, frames, inputs = noise_text(), observed[0].visibility.shape[1], []
    for number, observation in enumerate(observed[:count]):
        contacts = contact_targets(find_contacts(describer_input(observation, body)), frames)
        inputs.append(make_sampling_inputs(observation, contacts, text, jax.random.key(number)))
    return inputs, body, frames


def noise_text() -> TextEmbedding:
    """A text of noise."""
    tokens = 0.05 * jax.random.normal(jax.random.key(0), (32, 384))
    return TextEmbedding(tokens=tokens, mask=jnp.ones(32), pooled=tokens.mean(axis=0))


# Batches of clips, in processes of their own.


def measure_samplers(settings: Settings, batches: tuple[int, ...], rounds: int) -> tuple[Seconds, dict[str, float]]:
    """Seconds of a call by variant and number of clips, and each process' peak memory in GiB."""
    workers = {
        ONE_DEVICE: Worker(jax_samples, 1, ONE_DEVICE, settings, batches),
        TWO_DEVICES: Worker(jax_samples, 2, TWO_DEVICES, settings, batches[1:]),
    }
    if importlib.util.find_spec("torch"):
        workers[EAGER] = Worker(torch_samples, 1, EAGER, settings, batches[::2])
        workers[COMPILED] = Worker(torch_samples, 1, COMPILED, settings, batches[:1])
    else:
        print("PyTorch is not installed: nothing to compare with (pip install torch)")
    seconds = time_workers_interleaved(list(workers.values()), rounds)
    return seconds, {name: round(worker.finish(), 2) for name, worker in workers.items()}


def fastest(seconds: Seconds, kind: str) -> str | None:
    """The variant of a kind with the best number of threads for the smallest batch; None where nothing was measured."""
    variants = [variant for variant in seconds if variant.startswith(kind)]
    return min(variants, key=lambda variant: float(np.median(next(iter(seconds[variant].values())))), default=None)


def jax_samples(variant: str, settings: Settings, batches: tuple[int, ...]) -> dict[Work, Call]:
    """All clips in one call, over all devices of the process."""
    inputs, body, _ = clip_inputs(max(batches))
    models, _ = load_models()
    return {(variant, n): lambda n=n: sample_many(inputs[:n], models, body, settings, n) for n in batches}


def torch_samples(kind: str, settings: Settings, batches: tuple[int, ...]) -> dict[Work, Call]:
    """All clips in one call, with each of some numbers of threads."""
    import torch

    from experiments.torch_reference.sampler import TorchSampler, constants_of

    inputs, body, _ = clip_inputs(max(batches))
    models, _ = load_models()
    how = {"compiler": torch.compile} if kind == COMPILED else {}

    def call(sampler: TorchSampler, threads: int) -> None:
        torch.set_num_threads(threads)
        sampler()

    works = {}
    for n in batches:
        constants = constants_of(inputs[:n], models, body)
        for threads in THREADS[kind]:
            sampler = TorchSampler(models, constants, settings, **how)
            works[f"{kind}, {threads} thread{'s'[: threads - 1]}", n] = partial(call, sampler, threads)
    return works


# One denoising step with and without guidance: network and blending of the windows, and the same with the descent.


def guidance_costs(models: Models, body: smpl.Body, inputs: SamplingInputs, settings: Settings) -> dict[str, Call]:
    """Steps and whole calls by name, plain and guided; each returns when it is done."""
    models, body, inputs = jax.device_put((models, body, inputs))
    weights = jax.device_put(settings.weights.active())
    step = (models, body, inputs, weights, jax.jit(make_clip_windows)(inputs, body, models.statistics))
    unweighted = dataclasses.replace(settings, weights=sample.UNWEIGHTED)
    functions = {
        "step": partial(denoise, *step, dataclasses.replace(unweighted, guidance_start=0)),
        "guided step": partial(denoise, *step, unweighted),
        "call": partial(sample.sample, models, body, inputs, dataclasses.replace(settings, guidance_start=0)),
        "guided call": partial(sample.sample, models, body, inputs, settings),
    }
    return {name: lambda f=f: jax.block_until_ready(f()) for name, f in functions.items()}


@partial(jax.jit, static_argnames="settings")
def denoise(
    models: Models,
    body: smpl.Body,
    inputs: SamplingInputs,
    weights: Mapping[str, Array | float],
    windowed: ClipWindows,
    settings: Settings,
) -> jax.Array:
    """Windows [W, P, LENGTH, D] predicted from noise, as in every step of `sample.sample_jit`."""
    overlap_state = jnp.asarray(inputs.overlap_state)[0]

    def window_energy(x: jax.Array, start: jax.Array) -> jax.Array:
        prediction = state.to_motion(windowed.to_clip(start, overlap_state), windowed.estimate.betas)
        clip_state = windowed.to_clip(x, overlap_state)
        return sample.clip_energies(body, inputs, windowed.estimate, weights, clip_state, prediction)[0]

    denoiser = sample.denoiser(models, windowed, overlap_state, window_energy, settings)
    return denoiser(jnp.asarray(inputs.noise)[0], jnp.full(inputs.noise.shape[1:2], LOW_NOISE))


# Programs compiled for many different clips.


def count_programs(
    observations: Sequence[Observation], models: Models, body: smpl.Body, settings: Settings, seed: int
) -> dict[str, Any]:
    """Programs compiled while clips of random lengths, texts, contacts and shapes of the people are reconstructed."""
    random = np.random.default_rng(seed)
    requests = [_random_request(observations[n % len(observations)], random, n) for n in range(RANDOM_CLIPS)]
    lengths = [request.observation.visibility.shape[1] for request in requests]
    before = _compiled()
    sample_clips(requests, models, body, settings)
    return {
        "programs": _compiled() - before,
        "clips": RANDOM_CLIPS,
        "different_lengths": len(set(lengths)),
        "buckets": sorted({windows.count(frames) for frames in lengths}),
    }


def _random_request(seen: Observation, random: np.random.Generator, number: int) -> Request:
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
    return program_cache.program.cache_info().currsize


# How long L-BFGS without a prior (`sm_jax.evaluation.baselines.optimisation`) takes to where our sampler ends.


def measure_time_to_energy(
    models: Models, body: smpl.Body, clips: Sequence[SamplingInputs], settings: Settings, rounds: int
) -> dict[str, Any]:
    """Of each clip: the energies, L-BFGS' iterations to ours (None: MOST_ITERATIONS are too few), seconds in turns."""
    weights = jax.device_put(settings.weights.active())
    models, body, *clips = jax.device_put((models, body, *clips))
    rows = [_race_lbfgs(models, body, inputs, weights, settings, rounds) for inputs in clips]
    return {"most_iterations": MOST_ITERATIONS, "clips": rows}


def _race_lbfgs(
    models: Models,
    body: smpl.Body,
    inputs: SamplingInputs,
    weights: Mapping[str, Array | float],
    settings: Settings,
    rounds: int,
) -> dict[str, Any]:
    def sampled() -> Motion:
        return jax.tree.map(lambda x: x[0], sample.sample(models, body, inputs, settings).motion)

    def optimised(iterations: int) -> Motion:
        return descend(body, inputs, weights, 0.0, iterations)

    def energy_after(iterations: int) -> float:
        return float(total_energy(body, inputs, optimised(iterations), weights))

    goal = float(total_energy(body, inputs, sampled(), weights))
    needed = least_iterations(energy_after, goal)
    seconds = time_interleaved(
        {
            "ours": lambda: jax.block_until_ready(sampled()),
            "lbfgs": lambda: jax.block_until_ready(optimised(needed or MOST_ITERATIONS)),
        },
        rounds,
    )
    return {
        "energy": goal,
        "lbfgs_iterations": needed,
        "lbfgs_energy": energy_after(needed or MOST_ITERATIONS),
        "seconds": float(np.median(seconds["ours"])),
        "lbfgs_seconds": float(np.median(seconds["lbfgs"])),
        "lbfgs_over_ours": float(np.median(seconds["lbfgs"] / seconds["ours"])),
    }


def least_iterations(energy_after: Callable[[int], float], goal: float) -> int | None:
    """The fewest iterations, in whole blocks, after which the energy is no more than the goal; None if MOST_ITERATIONS
    are too few."""
    high = BLOCK
    while energy_after(high) > goal:
        if high >= MOST_ITERATIONS:
            return None
        high *= 2
    low = high // 2 if high > BLOCK else 0
    while high - low > BLOCK:
        middle = (low + high) // 2 // BLOCK * BLOCK
        low, high = (low, middle) if energy_after(middle) <= goal else (middle, high)
    return high


@jax.jit
def total_energy(
    body: smpl.Body, inputs: SamplingInputs, motion: Motion, weights: Mapping[str, Array | float]
) -> jax.Array:
    """The energy that L-BFGS minimises, of any motion: the feet touch where the estimate's do."""
    observation, mask = inputs.observation, inputs.observation.frame_mask
    estimate = fill_hidden(observation.motion, observation.visibility, mask)
    joints = smpl.pose(body, estimate).joints
    contact = foot_contact(joints, observation.fps, ground_height(joints, mask))
    return energy(body, motion, contact, make_evidence(inputs, estimate), weights)[0]


def main() -> None:
    """Measure and write down."""
    keep_compiled_programs()
    seconds, memory = measure_samplers(SETTINGS, BATCHES, ROUNDS)
    (clips, body, frames), (models, _) = clip_inputs(4), load_models()
    compiled = count_programs(clip_observations()[0], models, body, SETTINGS, SEED)
    parts = time_interleaved(guidance_costs(models, body, clips[0], SETTINGS), 10 * ROUNDS)
    torch_fastest = {kind: fastest(seconds, kind) for kind in (EAGER, COMPILED)}
    over = {variant: ratios(seconds, variant, ONE_DEVICE) for variant in seconds if variant != ONE_DEVICE}
    first = {kind: variant and over[variant][BATCHES[0]] for kind, variant in torch_fastest.items()}
    result = write_result(
        OUT,
        what=f"guided sampling of clips of {frames} frames, float32; medians of turns, ratios within a turn",
        config=dataclasses.asdict(SETTINGS),
        seed=SEED,
        classifier_free_guidance=f"{SETTINGS.cfg_scale} where hidden: the network runs twice a step",
        summary={
            "guided_over_unguided": float(np.median(parts["guided step"] / parts["step"])),
            "guided_call_over_unguided": float(np.median(parts["guided call"] / parts["call"])),
            "vs_torch_eager": first[EAGER],
            "vs_torch_compile": first[COMPILED],
            "programs_compiled": compiled["programs"],
            "device": jax.devices()[0].device_kind,
        },
        milliseconds={name: round(1e3 * float(np.median(x)), 1) for name, x in parts.items()},
        programs=compiled,
        torch_fastest=torch_fastest,
        time_over_ours=over,
        frames_per_second=rates(seconds, frames),
        peak_memory_gib=memory,
        lbfgs_to_our_energy=measure_time_to_energy(models, body, clips, SETTINGS, ROUNDS),
    )
    plot_rates(result["frames_per_second"], ("clips in a batch", "frames a second"), result["what"], PICTURE)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    run(main, __doc__)
