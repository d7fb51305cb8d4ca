"""The compiled whole of a reconstruction: infill, refine and guide one clip in one call.

Guidance and the blending of windows are transforms of the infiller's denoiser (`diffusion.guidance`): in every
denoising step the windows' predictions are blended into one clip in the world, and descend on the energy of the whole
clip. There are no seams, and a contact that two windows share is one contact.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.tree_util import register_dataclass

from sm_jax.body import smpl
from sm_jax.diffusion import Denoiser, guidance, sampler, schedule
from sm_jax.energies.combine import EnergyWeights, energy
from sm_jax.energies.reprojection import reprojection_of_each
from sm_jax.motion import state, windows
from sm_jax.motion.foot_contact import foot_contact, ground_height
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.resample import FPS
from sm_jax.nets.layers import FEATURE_JOINTS
from sm_jax.sampling.clip_windows import ClipWindows, make_clip_windows
from sm_jax.sampling.inputs import STAGES, Samples, SamplingInputs, make_evidence
from sm_jax.sampling.program_cache import call_cached
from sm_jax.types import Array, Conditions, Motion, TextEmbedding

TRAINING_STEPS = 1000
REFINE, DESCEND = schedule.CLEAN, schedule.CLEAN - 1  # the time steps after those of the infiller

# Agreement with the picture leads; the other terms choose among what agrees with it.
GUIDANCE = EnergyWeights(
    reprojection=60.0,
    contact=1.0,
    penetration=1.0,
    spatial=0.03,
    ground=6.0,  # how deep in the picture people are is known by their feet more than by anything else
    skating=0.1,
    smoothness=0.7,
    limits=1.0,
    prior=1.0,
    shape=0.0,  # betas are the fit's and do not move
)
# What share of the models' motion each person may keep in the end: the whole first, the estimate last.
SHARES = np.array([(a, b) for a in (1.0, 0.67, 0.33, 0.0) for b in (1.0, 0.67, 0.33, 0.0)], np.float32)
_SLACK = 1e-4  # of a picture's error: rounding
_OWN = 1e-4  # a picture's error, a millimetre: keypoints that are so near are the estimate's own projection
CORNER = 6.0  # Hz: faster corrections of a descent are damped
NO = np.array(False)
UNWEIGHTED = EnergyWeights(**{field.name: 0.0 for field in dataclasses.fields(EnergyWeights)})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """How to sample. Hashable: all but the weights is a static argument of the compiled call.

    steps: denoising steps.  cfg_scale: classifier-free guidance on the text where people are hidden: 0 does not
    listen, 1 predicts what is hidden as told, more exaggerates.  guidance_start: noise level t below which the energies
    guide; zero or less switches guidance off in sampling and after the refiner.
    guidance_steps: energy descent steps in a guided denoising step.  final_guidance_steps: those after the refiner.
    fall_back: whether people go back to the estimate, as far as it takes to fit the evidence no worse (`fall_back`).
    estimate_guidance_steps: descent steps of the estimate that they go back to.
    hypotheses: samples of a clip, of which the one with the least energy is the result.
    rotation_step (6D units) and pelvis_step (metres): length of one full descent step; a guided step moves nothing by
    more than `clamp` such lengths.
    """

    steps: int = 10
    cfg_scale: float = 1.0
    weights: EnergyWeights = GUIDANCE
    guidance_start: int = 500
    guidance_steps: int = 1
    final_guidance_steps: int = 30
    estimate_guidance_steps: int = 8
    fall_back: bool = True
    hypotheses: int = 1
    rotation_step: float = 0.02
    pelvis_step: float = 0.06
    clamp: float = 20.0


Made = tuple[jax.Array, ...]  # clip states [P, T, D]: those of STAGES, and what the last descent gave


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Models:
    """The two networks with their parameters, and the statistics of the state they were trained on."""

    infiller: nn.Module = dataclasses.field(metadata={"static": True})
    refiner: nn.Module = dataclasses.field(metadata={"static": True})
    infiller_params: Any
    refiner_params: Any
    statistics: Statistics


def sample(models: Models, body: smpl.Body, task: SamplingInputs, settings: Settings) -> Samples:
    """All hypotheses of a task, in one compiled call. Other weights of the same energies compile nothing new.

    Where JAX keeps compiled programs in a folder, this one is found there without tracing (`sampling.program_cache`).
    """
    arguments, how = (models, body, task, jax.device_put(settings.weights.active())), _without_weights(settings)
    folder = jax.config.jax_compilation_cache_dir  # pyrefly: ignore[missing-attribute]
    return call_cached(folder, sample_jit, arguments, how) if folder else sample_jit(*arguments, how)


def _without_weights(settings: Settings) -> Settings:
    return dataclasses.replace(settings, weights=UNWEIGHTED)


@functools.partial(jax.jit, static_argnames="settings")
def sample_jit(
    models: Models, body: smpl.Body, task: SamplingInputs, weights: Mapping[str, Array | float], settings: Settings
) -> Samples:
    """The compiled whole. weights: of the energies, instead of those of the settings."""
    windowed = make_clip_windows(task, body, models.statistics)
    estimate = windowed.estimate
    origin = _state(body, task, estimate)
    times = np.append(schedule.trailing(TRAINING_STEPS, settings.steps), [REFINE, DESCEND])
    turns = [False, True] if settings.fall_back and settings.guidance_start > 0 else [False]

    def hypothesis(noise: jax.Array, overlap_state: jax.Array) -> tuple[Made, Judged]:
        def window_energy(x: jax.Array, start: jax.Array) -> jax.Array:
            prediction = state.to_motion(windowed.to_clip(start, overlap_state), estimate.betas)
            return clip_energies(body, task, estimate, weights, windowed.to_clip(x, overlap_state), prediction)[0]

        def turn(carry: tuple[Made, Judged], again: jax.Array) -> tuple[tuple[Made, Judged], None]:
            made, kept = carry
            nobody_goes_back = again & (kept.best == 0)
            guided = denoiser(models, windowed, overlap_state, window_energy, settings, again, nobody_goes_back)
            level, clip = jnp.asarray(schedule.cosine(TRAINING_STEPS)), lambda x: windowed.to_clip(x, overlap_state)
            new = jnp.unstack(sampler.ddim(guided, noise, level, jnp.asarray(times), read=clip)[-len(made) :])
            made = tuple(jnp.where(again, old, x) for old, x in zip(made, new, strict=True))
            start, wanted = jnp.where(again, new[-1], origin), settings.fall_back
            judged = fall_back(body, task, windowed, weights, made[-1], start, overlap_state, again, kept, wanted)
            return (made, judged), None

        # the models' motion, then the estimate that people go back to: one loop, so that the program holds it once
        return jax.lax.scan(turn, ((origin,) * (len(STAGES) + 1), nothing_yet(origin, weights)), jnp.array(turns))[0]

    made, judged = _each(hypothesis, jnp.asarray(task.noise), jnp.asarray(task.overlap_state))
    to_motions = jax.vmap(lambda x: state.to_motion(x, estimate.betas))
    motions = to_motions(judged.result)
    return Samples(
        motion=motions,
        stages={name: to_motions(made[n]) for n, name in enumerate(STAGES)},
        joints=jax.vmap(lambda motion: smpl.pose(body, motion).joints)(motions),
        state=judged.result,
        before={name: term[0] for name, term in judged.before.items()},
        after=judged.after,
        total=judged.total,
        share=jnp.asarray(SHARES)[judged.best],
    )


class Judged(NamedTuple):
    """best: which of SHARES each person keeps of the models' motion.  limit: [P] error in the picture that the
    gap-filled estimate has.  result: clip state [P, T, D].  before, after: the terms of the gap-filled estimate and of
    the result.  total: the result's, weighted."""

    best: jax.Array
    limit: jax.Array
    result: jax.Array
    before: dict[str, jax.Array]
    after: dict[str, jax.Array]
    total: jax.Array


def nothing_yet(start: jax.Array, weights: Mapping[str, Array | float]) -> Judged:
    """Before the first turn. start: clip state [P, T, D] of the gap-filled estimate."""
    nothing = {name: jnp.zeros(()) for name in weights}
    far = jnp.full(len(start), jnp.inf)
    return Judged(jnp.zeros((), jnp.int32), far, start, nothing, nothing, far[0])


def fall_back(
    body: smpl.Body,
    task: SamplingInputs,
    windowed: ClipWindows,
    weights: Mapping[str, Array | float],
    found: jax.Array,
    start: jax.Array,
    overlap_state: jax.Array,
    again: Array,
    kept: Judged,
    wanted: bool = True,
) -> Judged:
    """Each person back on the way to the estimate, as far as it takes to fit the evidence no worse.

    found: clip state [P, T, D].  start: that of the estimate.  overlap_state: [P, OVERLAP, D].  wanted: if not, nobody
    goes back. In the first turn, of all mixtures in SHARES whose people each fit the picture at least as well as the
    gap-filled estimate does, the one of least energy: nobody's picture and not the energy is worse than before. In the
    second (`again`) people go back as far as in the first (`kept`), and to an estimate that has descended on the
    energy itself, if that too makes neither worse. Of a person whose keypoints are the estimate's own projection, as
    of an imported motion without a video, nothing fits as well as the estimate, and the energy alone decides.
    """

    def mixed(share: jax.Array) -> jax.Array:
        return windowed.with_overlap(start + share[:, None, None] * (found - start), overlap_state)

    def judged(share: jax.Array) -> tuple[jax.Array, jax.Array, dict[str, jax.Array]]:
        clip_state = mixed(share)
        total, terms = clip_energies(body, task, windowed.estimate, weights, clip_state)
        motion = state.to_motion(clip_state, windowed.estimate.betas)
        return total, picture_errors(body, task, motion), terms

    shares = jnp.asarray(SHARES if wanted else SHARES[[0, -1]])
    totals, pictures, terms = jax.lax.map(judged, shares)
    limit = jnp.where(again, kept.limit, pictures[-1])
    own = picture_errors(body, task, task.observation.motion) < _OWN
    fits = jnp.all((pictures <= limit[None] * (1.0 + _SLACK)) | own[None], axis=1) | (not wanted)
    least = jnp.argmin(jnp.where(fits, totals, jnp.inf)) if wanted else 0
    best = jnp.where(again, kept.best, least)
    before, after = ({name: term[i] for name, term in terms.items()} for i in (-1, best))
    now = Judged(best, limit, mixed(shares[best]), before, after, totals[best])
    better = ~again | (fits[best] & (now.total <= kept.total))
    return jax.tree.map(lambda new, old: jnp.where(better, new, old), now, kept)._replace(
        before=jax.tree.map(lambda new, old: jnp.where(again, old, new), before, kept.before)
    )


def _state(body: smpl.Body, task: SamplingInputs, motion: Motion) -> jax.Array:
    """The clip state [P, T, D] of a motion, with the foot contacts that it shows."""
    joints = smpl.pose(body, motion).joints
    contact = foot_contact(joints, task.observation.fps, ground_height(joints, task.observation.frame_mask))
    return state.pack(motion, contact)


def picture_errors(body: smpl.Body, task: SamplingInputs, motion: Motion) -> jax.Array:
    """The reprojection energy of each person of a motion [P, T]: [P]."""
    seen = task.observation
    keypoints = smpl.keypoints(body, smpl.pose(body, motion))
    return reprojection_of_each(keypoints, seen.camera, seen.keypoints, seen.keypoint_confidence, seen.frame_mask)


def clip_energies(
    body: smpl.Body,
    task: SamplingInputs,
    estimate: Motion,
    weights: Mapping[str, Array | float],
    clip_state: jax.Array,
    prediction: Motion | None = None,
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """The energy of a clip state [P, T, D], weighted, and each term alone. estimate: the gap-filled one.  prediction:
    what hidden joints stay near to, if to anything."""
    motion = state.to_motion(clip_state, estimate.betas)
    contact = clip_state[..., state.FOOT_CONTACT]
    contact = jax.lax.stop_gradient(jnp.clip(contact, 0.0, 1.0))  # feet follow the contact, never the reverse
    return energy(body, motion, contact, make_evidence(task, estimate, prediction), weights)


def denoiser(
    models: Models,
    windowed: ClipWindows,
    overlap_state: Array,
    window_energy: Callable[[jax.Array, jax.Array], jax.Array],
    settings: Settings,
    of_estimate: Array = NO,
    idle: Array = NO,
) -> Denoiser:
    """From noised windows [W, P, LENGTH, D] to clean ones that agree and, where the settings guide, descend. What is
    without noise is refined instead, at REFINE, and then descends as it is, at DESCEND.

    overlap_state: [P, OVERLAP, D].  window_energy: of normalised windows, and of those that the descent began from, a
    number.  of_estimate: [] instead of what the networks say, the gap-filled estimate's windows, which descend once
    they are without noise, unless `idle` [].
    """
    infill = _infiller(models, windowed.conditions, settings.cfg_scale)

    def predict(x: jax.Array, t: jax.Array) -> jax.Array:
        refine = lambda x, _: _refine(models, x, windowed.conditions)  # noqa: E731
        stay = lambda *_: windowed.conditions.estimate  # noqa: E731
        which = jnp.where(of_estimate | (t[0] == DESCEND), 2, jnp.where(t[0] == REFINE, 1, 0))
        return jax.lax.switch(which, [infill, refine, stay], x, t)

    synchronised = guidance.x0_transform(predict, lambda x: windowed.synchronise(x, overlap_state))

    def agreeing(x: jax.Array, t: jax.Array) -> jax.Array:
        return jnp.where(t[0] == DESCEND, x, synchronised(x, t))

    if settings.guidance_start <= 0:
        return agreeing

    def steps(t: jax.Array) -> jax.Array:
        noisy = (t <= settings.guidance_start) & (t > REFINE)
        guided = jnp.where(noisy & ~jnp.asarray(of_estimate), settings.guidance_steps, 0)
        last = jnp.where(of_estimate, settings.estimate_guidance_steps, settings.final_guidance_steps)
        return jnp.where(t == DESCEND, jnp.where(idle, 0, last), guided)

    # Full steps have the settings' metric lengths.
    metric = np.zeros(state.D, np.float32)
    metric[state.ORIENT] = metric[state.POSE] = settings.rotation_step
    metric[state.PELVIS] = settings.pelvis_step
    size = jnp.reshape(metric / models.statistics.std, (1, 1, 1, state.D))
    smooth = guidance.along_sequence(guidance.low_pass(windows.LENGTH, CORNER / FPS))

    def optimiser(count: jax.Array) -> optax.GradientTransformation:
        return optax.chain(smooth, guidance.relative_adam(size, count))

    return guidance.energy_guidance(agreeing, window_energy, optimiser, steps, settings.clamp * size)


def _each(function: Callable[..., Any], *values: Any) -> Any:
    """`jax.vmap`. One alone goes without: batched by one, the program is slower to compile and to run."""
    if jax.tree.leaves(values)[0].shape[0] > 1:
        return jax.vmap(function)(*values)
    return jax.tree.map(lambda x: x[None], function(*jax.tree.map(lambda x: x[0], values)))


def _infiller(models: Models, conditions: Conditions, cfg_scale: float) -> Denoiser:
    """The network as a denoiser. Words speak of what is hidden: features that are seen are predicted without text, the
    others with classifier-free guidance by it."""

    def told(x_t: jax.Array, t: jax.Array, text: TextEmbedding) -> jax.Array:
        given = dataclasses.replace(conditions, text=text)
        return jnp.asarray(models.infiller.apply({"params": models.infiller_params}, x_t, t, given))

    text, hidden = conditions.text, 1.0 - conditions.visibility[..., FEATURE_JOINTS]
    return guidance.classifier_free(told, text, jax.tree.map(jnp.zeros_like, text), cfg_scale * hidden)


def _refine(models: Models, x0: Array, conditions: Conditions) -> jax.Array:
    return jnp.asarray(models.refiner.apply({"params": models.refiner_params}, x0, conditions))


def sample_many(
    tasks: Sequence[SamplingInputs], models: Models, body: smpl.Body, settings: Settings, batch: int
) -> list[Samples]:
    """At most `batch` tasks of one length in one compiled call of that many, over as many local devices as divide it.
    Host arrays."""
    if batch == 1:
        return [jax.device_get(sample(models, body, task, settings)) for task in tasks]
    filled = [*tasks, *[tasks[-1]] * (batch - len(tasks))]
    devices = max(n for n in range(1, jax.local_device_count() + 1) if batch % n == 0)
    stacked = jax.tree.map(lambda *x: np.stack(x).reshape(devices, batch // devices, *np.shape(x[0])), *filled)
    found = jax.device_get(
        _pmap_sampler(devices)(models, body, stacked, settings.weights.active(), _without_weights(settings))
    )
    flat = jax.tree.map(lambda x: x.reshape(batch, *x.shape[2:]), found)
    return [jax.tree.map(lambda x, i=i: x[i], flat) for i in range(len(tasks))]


@functools.cache
def _pmap_sampler(devices: int) -> Callable[[Models, smpl.Body, SamplingInputs, dict[str, float], Settings], Samples]:
    """`sample_jit` for tasks [devices, tasks a device]; models and body are the same for all."""

    def each(
        models: Models, body: smpl.Body, tasks: SamplingInputs, weights: Mapping[str, Array | float], settings: Settings
    ) -> Samples:
        return _each(lambda task: sample_jit(models, body, task, weights, settings), tasks)

    mine = jax.local_devices()[:devices]
    return jax.pmap(each, in_axes=(None, None, 0, None), static_broadcasted_argnums=4, devices=mine)
