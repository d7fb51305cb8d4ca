"""What the compiled sampling takes and gives: clips in whole windows, and the hypotheses of each."""

import dataclasses
from collections.abc import Mapping

import chex
import jax
import numpy as np
from jax.tree_util import register_dataclass

from sm_jax.energies.combine import Evidence
from sm_jax.motion import state, windows
from sm_jax.motion.frames import map_observation
from sm_jax.types import Array, ContactTargets, Motion, Observation, TextEmbedding


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class SamplingInputs:
    """A clip of as many frames as a number of windows covers, of which the last ones play it back from its end.

    observation: [P, T], its frame_mask zero where it is played back: the networks see those frames, without which they
    would see it end, and the energies do not.  contacts: [C, T].  text: its sentence.
    noise: [N, W, P, LENGTH, D] that N hypotheses start from.  overlap_state: [N, P, OVERLAP, D] states in the world
    that their first frames are held to, by overlap_weight [OVERLAP] in [0, 1]: where a clip goes on.
    """

    observation: Observation
    contacts: ContactTargets
    text: TextEmbedding
    noise: Array
    overlap_state: Array
    overlap_weight: Array


STAGES = ("infilled", "refined")  # by the infiller, guided; by the refiner, before the last descent


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Samples:
    """N hypotheses of a task. motion: [N, P, T].  stages: [N, P, T] of what the models made on the way, by STAGES.
    joints: [N, P, T, J, 3].  state: [N, P, T, D].  before, after: the unweighted energies of the gap-filled estimate,
    and of each hypothesis [N].  total: [N] their weighted sum.  share: [N, P] of the way from the estimate to the
    models' motion that was gone (`sampling.sample.fall_back`)."""

    motion: Motion
    stages: Mapping[str, Motion]
    joints: Array
    state: Array
    before: Mapping[str, Array]
    after: Mapping[str, Array]
    total: Array
    share: Array


def make_sampling_inputs(
    observation: Observation, contacts: ContactTargets, text: TextEmbedding, key: Array, hypotheses: int = 1
) -> SamplingInputs:
    """A clip that begins freely, lengthened to whole windows by playing it back from its end. Raises AssertionError for
    numbers that are not finite: they would come out everywhere."""
    chex.assert_tree_all_finite((observation, contacts, text))
    have = observation.visibility.shape[1]
    n_windows = windows.count(have)
    n_frames = windows.padded_frames(n_windows)

    def lengthen(values: Array, axis: int) -> np.ndarray:
        widths = [(0, 0)] * np.ndim(values)
        widths[axis] = (0, n_frames - have)
        return np.pad(np.asarray(values), widths, mode="reflect" if have > 1 else "edge")

    seen = np.pad(np.asarray(observation.frame_mask, np.float32), (0, n_frames - have))
    return SamplingInputs(
        observation=dataclasses.replace(map_observation(observation, lengthen), frame_mask=seen),
        contacts=dataclasses.replace(contacts, weight=lengthen(contacts.weight, 1)),
        text=text,
        noise=jax.random.normal(key, (hypotheses, n_windows, 2, windows.LENGTH, state.D)),
        overlap_state=np.zeros((hypotheses, 2, windows.OVERLAP, state.D), np.float32),
        overlap_weight=np.zeros(windows.OVERLAP, np.float32),
    )


def make_evidence(task: SamplingInputs, estimate: Motion, prediction: Motion | None = None) -> Evidence:
    """What the energies compare a motion with. estimate: the gap-filled one.  prediction: of hidden joints."""
    observation = task.observation
    return Evidence(
        keypoints=observation.keypoints,
        keypoint_confidence=observation.keypoint_confidence,
        camera=observation.camera,
        contacts=task.contacts,
        estimate=estimate,
        visibility=observation.visibility,
        fps=observation.fps,
        frame_mask=observation.frame_mask,
        prediction=prediction,
    )
