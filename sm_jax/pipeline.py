"""From an observation to a reconstruction: infill, refine and guide, in one compiled call a clip.

Guidance and the blending of windows are transforms of the infiller's denoiser (`diffusion.guidance`): in every
denoising step the windows' predictions are blended into one clip in the world, and descend on the energy of the whole
clip. There are no seams, and a contact that two windows share is one contact.
"""

import dataclasses
import functools
import pathlib
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.body import smpl
from sm_jax.diffusion import Denoiser, guidance, sampler, schedule
from sm_jax.energies.combine import Evidence, Weights, energy
from sm_jax.errors import UserError
from sm_jax.motion import clip, state, windows
from sm_jax.motion.conditions import TextEmbedding, make_conditions
from sm_jax.motion.feet import foot_contact, ground_height
from sm_jax.motion.fill import SEEN, fill_hidden
from sm_jax.motion.frames import map_frames
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.pair_frame import PairFrame
from sm_jax.nets.infiller import Infiller, InfillerConfig
from sm_jax.nets.refiner import Refiner, RefinerConfig
from sm_jax.train.weights import INFILLER, REFINER, load_weights
from sm_jax.types import Array, Camera, Conditions, ContactTargets, Motion, Observation

TRAINING_STEPS = 1000

# Agreement with the picture leads; the other terms choose among what agrees with it.
GUIDANCE = Weights(
    reprojection=10.0,
    contact=0.3,
    penetration=1.0,
    spatial=0.1,
    ground=0.5,
    skating=0.1,
    smoothness=0.1,
    limits=1.0,
    prior=1.0,
    shape=0.0,  # betas are the fit's and do not move
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """How to sample. Hashable: a static argument of the compiled call.

    steps: denoising steps.  text_scale: classifier-free guidance on the text, 1 for none.  guided_from: noise level t
    below which the energies guide; zero or less switches guidance off in sampling and after the refiner.
    descent: energy descent steps in a guided denoising step.  polish: those after the refiner.
    rotation_step (6D units) and pelvis_step (metres): length of one full descent step; a guided step moves nothing by
    more than `clamp` such lengths.
    """

    steps: int = 10
    text_scale: float = 1.0
    weights: Weights = GUIDANCE
    guided_from: int = 500
    descent: int = 5
    polish: int = 100
    rotation_step: float = 0.01
    pelvis_step: float = 0.01
    clamp: float = 20.0


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Models:
    """The two networks with their parameters, and the statistics of the state they were trained on."""

    infiller: nn.Module = dataclasses.field(metadata={"static": True})
    refiner: nn.Module = dataclasses.field(metadata={"static": True})
    infiller_params: Any
    refiner_params: Any
    statistics: Statistics


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reconstruction:
    """Two people's motion, and how it came about. Host arrays.

    motion: [P, T] in the observation's world.  camera, fps, frame_index, visibility: the observation's.
    infilled: [P, T, J] bool, joints that the models made up.  energies_before, energies_after: the unweighted terms of
    the gap-filled estimate and of the result.
    """

    motion: Motion
    camera: Camera
    fps: float
    frame_index: np.ndarray
    visibility: np.ndarray
    infilled: np.ndarray
    energies_before: dict[str, float]
    energies_after: dict[str, float]


def reconstruct(
    observation: Observation,
    models: Models,
    body: smpl.Body,
    text: TextEmbedding,
    contacts: ContactTargets,
    settings: Settings,
    key: Array,
) -> Reconstruction:
    """Infill and refine one observed clip [P, T] of any length, with contacts [C, T]."""
    n_frames = observation.visibility.shape[1]
    n_windows = windows.count(n_frames)
    padded, contacts, frame_mask = pad(observation, contacts, windows.padded_frames(n_windows))
    noise = jax.random.normal(key, (n_windows, 2, windows.LENGTH, state.D))
    motion, before, after = sample(models, body, padded, contacts, frame_mask, text, noise, settings)
    motion, before, after = jax.device_get((motion, before, after))
    visibility = np.asarray(observation.visibility)
    return Reconstruction(
        motion=map_frames(motion, lambda x: x[:, :n_frames]),
        camera=observation.camera,
        fps=float(observation.fps),
        frame_index=np.asarray(observation.frame_index),
        visibility=visibility,
        infilled=visibility < SEEN,
        energies_before={name: float(value) for name, value in before.items()},
        energies_after={name: float(value) for name, value in after.items()},
    )


def load_models(
    infiller_path: pathlib.Path = INFILLER, refiner_path: pathlib.Path = REFINER
) -> tuple[Models, dict[str, Any]]:
    """The networks that ship with the package, or others, and what says which they are (for the provenance of results).

    Raises UserError for files that are not the weights of an infiller and a refiner.
    """
    infiller, refiner = load_weights(infiller_path), load_weights(refiner_path)
    if not isinstance(infiller.config, InfillerConfig):
        raise UserError(f"{infiller_path} holds no infiller: name the weights.npz of an infiller's training")
    if not isinstance(refiner.config, RefinerConfig):
        raise UserError(f"{refiner_path} holds no refiner: name the weights.npz of a refiner's training")
    models = Models(
        infiller=Infiller(infiller.config),
        refiner=Refiner(refiner.config),
        infiller_params=infiller.params,
        refiner_params=refiner.params,
        statistics=infiller.statistics,
    )
    return models, {"infiller_sha256": infiller.sha256, "refiner_sha256": refiner.sha256}


def pad(observation: Observation, contacts: ContactTargets, n_frames: int) -> tuple[Observation, ContactTargets, Array]:
    """Lengthen a clip to n_frames by repeating its last frame; with the mask [n_frames] of its real frames."""
    have = observation.visibility.shape[1]

    def lengthen(values: Array, axis: int, mode: Any = "edge") -> np.ndarray:
        widths = [(0, 0)] * np.ndim(values)
        widths[axis] = (0, n_frames - have)
        return np.pad(np.asarray(values), widths, mode=mode)

    padded = _map_frames(observation, lengthen)
    mask = (np.arange(n_frames) < have).astype(np.float32)
    return padded, dataclasses.replace(contacts, weight=lengthen(contacts.weight, 1, "constant")), mask


def _map_frames(observation: Observation, function: Any) -> Observation:
    """Apply function(values, axis of the frames) to every array of an observation that has frames."""
    motion, camera = observation.motion, observation.camera
    return dataclasses.replace(
        observation,
        keypoints=function(observation.keypoints, 1),
        keypoint_confidence=function(observation.keypoint_confidence, 1),
        visibility=function(observation.visibility, 1),
        frame_index=function(observation.frame_index, 0),
        motion=map_frames(motion, lambda x: function(x, 1)),
        camera=dataclasses.replace(camera, R=function(camera.R, 0), t=function(camera.t, 0)),
    )


@functools.partial(jax.jit, static_argnames="settings")
def sample(
    models: Models,
    body: smpl.Body,
    observation: Observation,
    contacts: ContactTargets,
    frame_mask: Array,
    text: TextEmbedding,
    noise: jax.Array,
    settings: Settings,
) -> tuple[Motion, dict[str, jax.Array], dict[str, jax.Array]]:
    """The compiled whole: padded clip [P, T], noise [W, P, LENGTH, D] -> motion [P, T], energies before and after."""
    estimate = fill_hidden(observation.motion, observation.visibility, frame_mask)
    conditions, frames = _window_conditions(models, body, observation, frame_mask, text, noise.shape[0])
    evidence = Evidence(
        keypoints=observation.keypoints,
        keypoint_confidence=observation.keypoint_confidence,
        camera=observation.camera,
        contacts=contacts,
        estimate=estimate,
        visibility=observation.visibility,
        fps=observation.fps,
        frame_mask=frame_mask,
    )
    to_clip = functools.partial(clip.from_windows, frames=frames, betas=estimate.betas, statistics=models.statistics)
    to_windows = functools.partial(clip.to_windows, frames=frames, betas=estimate.betas, statistics=models.statistics)

    def clip_energies(clip_state: jax.Array) -> tuple[jax.Array, dict[str, jax.Array]]:
        motion, contact = state.unpack(clip_state, estimate.betas)
        contact = jax.lax.stop_gradient(jnp.clip(contact, 0.0, 1.0))  # feet follow the contact, never the reverse
        return energy(body, motion, contact, evidence, settings.weights)

    def window_energy(x0: jax.Array) -> jax.Array:
        return clip_energies(to_clip(x0))[0]

    times = schedule.trailing(TRAINING_STEPS, settings.steps)
    rule, clamp = _descent_rule(models.statistics, settings)
    denoiser = _infiller(models, conditions, settings.text_scale)
    denoiser = guidance.transform(denoiser, lambda x0: to_windows(to_clip(x0)))
    guided = settings.guided_from > 0
    if guided:
        denoiser = guidance.gradient(
            denoiser,
            window_energy,
            rule,
            steps=settings.descent,
            polish=settings.descent,
            start=settings.guided_from,
            last=int(times[-1]),
            clamp=clamp,
        )
    x0 = sampler.ddim(denoiser, noise, jnp.asarray(schedule.cosine(TRAINING_STEPS)), jnp.asarray(times))
    x0 = to_windows(to_clip(_refine(models, x0, conditions)))
    if guided:
        x0 = guidance.descend(window_energy, x0, rule, settings.polish, clamp)
    result = to_clip(x0)
    motion, _ = state.unpack(result, estimate.betas)
    joints = smpl.pose(body, estimate).joints
    contact = foot_contact(joints, observation.fps, ground_height(joints, frame_mask))
    return motion, clip_energies(state.pack(estimate, contact))[1], clip_energies(result)[1]


def _window_conditions(
    models: Models, body: smpl.Body, observation: Observation, frame_mask: Array, text: TextEmbedding, n_windows: int
) -> tuple[Conditions, PairFrame]:
    """Conditions and pair frames of all windows, each with a leading W."""
    split = _map_frames(observation, lambda values, axis: windows.split(values, n_windows, axis))
    shared = dataclasses.replace(
        split,
        fps=jnp.broadcast_to(observation.fps, (n_windows,)),
        motion=dataclasses.replace(
            split.motion,
            betas=jnp.broadcast_to(observation.motion.betas, (n_windows, *observation.motion.betas.shape)),
        ),
        camera=dataclasses.replace(
            split.camera,
            K=jnp.broadcast_to(observation.camera.K, (n_windows, 3, 3)),
            image_size=jnp.broadcast_to(observation.camera.image_size, (n_windows, 2)),
        ),
    )
    make = jax.vmap(make_conditions, in_axes=(0, 0, None, None, None))
    conditions, frames, _ = make(shared, windows.split(frame_mask, n_windows, 0), body, models.statistics, text)
    return conditions, frames


def _infiller(models: Models, conditions: Conditions, text_scale: float) -> Denoiser:
    """The network as a denoiser, with classifier-free guidance on the text if the scale asks for it."""

    def with_conditions(given: Conditions) -> Denoiser:
        return lambda x_t, t: jnp.asarray(models.infiller.apply({"params": models.infiller_params}, x_t, t, given))

    told = with_conditions(conditions)
    if text_scale == 1.0:
        return told
    silent = {name: jnp.zeros_like(getattr(conditions, name)) for name in ("text_tokens", "text_mask", "text_pooled")}
    return guidance.classifier_free(told, with_conditions(dataclasses.replace(conditions, **silent)), text_scale)


def _refine(models: Models, x0: Array, conditions: Conditions) -> jax.Array:
    return jnp.asarray(models.refiner.apply({"params": models.refiner_params}, x0, conditions))


def _descent_rule(statistics: Statistics, settings: Settings) -> tuple[guidance.Normalised, Array]:
    """Descent on the normalised state, with full steps of the settings' metric lengths; and its clamp [1, 1, 1, D]."""
    metric = np.zeros(state.D, np.float32)
    metric[state.ORIENT] = metric[state.POSE] = settings.rotation_step
    metric[state.PELVIS] = settings.pelvis_step
    size = jnp.reshape(metric / statistics.std, (1, 1, 1, state.D))
    return guidance.Normalised(size=size), settings.clamp * size
