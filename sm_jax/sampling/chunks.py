"""Observed clips of any length, many at once: sampled chunk by chunk in batches, and put together again."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import jax
import numpy as np

from sm_jax.body import smpl
from sm_jax.motion import windows
from sm_jax.motion.frames import slice_observation
from sm_jax.motion.slerp_fill import SEEN
from sm_jax.sampling.inputs import STAGES, Samples, SamplingInputs, make_sampling_inputs
from sm_jax.sampling.sample import Models, Settings, sample_many
from sm_jax.types import Array, Camera, ContactTargets, Motion, Observation, TextEmbedding


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampledClip:
    """Two people's motion, and how it came about. Host arrays.

    motion: [P, T] in the observation's world, of the hypothesis with the least energy.  stages: [P, T] of the same, by
    the names of STAGES.  hypotheses: [N, P, T], all of them.  camera, fps, frame_index, visibility: the observation's.
    infilled: [P, T, J] bool, joints that the models made up.  spread: [P, T, J] metres, root mean square distance of a
    joint from its mean over the hypotheses; zero where there is one.  totals: [N] the hypotheses' energies.
    share: [P] how much of the models' motion each person has kept, the rest being the estimate: less than 1 where all
    of it would fit the evidence worse.  energies_before, energies_after: the unweighted terms of the gap-filled
    estimate and of the result.  energies_each: those of every hypothesis.
    """

    motion: Motion
    stages: dict[str, Motion]
    hypotheses: Motion
    camera: Camera
    fps: float
    frame_index: np.ndarray
    visibility: np.ndarray
    infilled: np.ndarray
    spread: np.ndarray
    totals: np.ndarray
    share: np.ndarray
    energies_before: dict[str, float]
    energies_after: dict[str, float]
    energies_each: tuple[dict[str, float], ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """One observed clip [P, T] of any length, its sentence, its contacts [C, T], and the key of its noise."""

    observation: Observation
    text: TextEmbedding
    contacts: ContactTargets
    key: Array


def sample_clip(request: Request, models: Models, body: smpl.Body, settings: Settings) -> SampledClip:
    """Infill and refine one observed clip of any length."""
    return sample_clips([request], models, body, settings)[0]


def sample_clips(
    requests: Sequence[Request], models: Models, body: smpl.Body, settings: Settings, *, batch: int = 1
) -> list[SampledClip]:
    """Many clips of mixed lengths, `batch` of them in each compiled call, spread over the local devices.

    Clips that need the same number of windows go together, and a clip longer than `windows.CHUNK` windows goes chunk by
    chunk, each held to the end of the one before: programs are compiled for those few numbers alone. A clip's result
    does not depend on the others.
    """
    drafts = [_Draft(request, settings.hypotheses) for request in requests]
    for turn in range(max((len(draft.chunks) for draft in drafts), default=0)):
        waiting: dict[int, list[tuple[_Draft, SamplingInputs]]] = {}
        for draft in drafts:
            if turn < len(draft.chunks):
                task = draft.task(turn)
                waiting.setdefault(len(task.observation.frame_mask), []).append((draft, task))
        for together in waiting.values():
            for start in range(0, len(together), batch):
                some = together[start : start + batch]
                found = sample_many([task for _, task in some], models, body, settings, batch)
                for (draft, _), samples in zip(some, found, strict=True):
                    draft.done.append(samples)
    return [draft.finish() for draft in drafts]


class _Draft:
    """A clip's hypotheses, as far as its chunks are done."""

    def __init__(self, request: Request, hypotheses: int):
        self.request, self.hypotheses = request, hypotheses
        self.chunks = windows.chunks(request.observation.visibility.shape[1])
        self.done: list[Samples] = []

    def task(self, turn: int) -> SamplingInputs:
        """A chunk's task; all but the first go on from where the hypotheses stand."""
        request, span = self.request, self.chunks[turn]
        task = make_sampling_inputs(
            slice_observation(request.observation, span),
            dataclasses.replace(request.contacts, weight=np.asarray(request.contacts.weight)[:, span]),
            request.text,
            jax.random.fold_in(request.key, turn) if turn else request.key,
            self.hypotheses,
        )
        if not turn:
            return task
        overlap_state = self.done[-1].state[:, :, -windows.OVERLAP :]  # only a clip's last chunk has padding
        return dataclasses.replace(task, overlap_state=overlap_state, overlap_weight=windows.fade_out())

    def finish(self) -> SampledClip:
        """The chunks as one clip, the hypotheses ranked."""
        seen = self.request.observation
        lengths = np.array([span.stop - span.start for span in self.chunks], np.float64)
        share = lengths / lengths.sum()
        totals = np.average([samples.total for samples in self.done], axis=0, weights=lengths)
        best = int(np.argmin(totals))
        ends = [span.stop - span.start - windows.OVERLAP for span in self.chunks[:-1]] + [int(lengths[-1])]

        def joined(what: Callable[[Samples], Array]) -> np.ndarray:
            """Arrays [N, P, T, ...] of the chunks, each up to where the next one begins."""
            parts = zip(self.done, ends, strict=True)
            return np.concatenate([np.asarray(what(samples))[:, :, :end] for samples, end in parts], axis=2)

        def joined_motion(what: Callable[[Samples], Motion]) -> Motion:
            """Motions [N, P, T] of the chunks in the same way."""
            return Motion(
                global_orient=joined(lambda samples: what(samples).global_orient),
                body_pose=joined(lambda samples: what(samples).body_pose),
                pelvis=joined(lambda samples: what(samples).pelvis),
                betas=np.asarray(what(self.done[0]).betas),
            )

        def mean(terms: Sequence[Mapping[str, Array]]) -> dict[str, float]:
            """Energies of the chunks, by their lengths."""
            return {name: float(np.dot(share, [term[name] for term in terms])) for name in terms[0]}

        each = tuple(
            mean([{name: values[i] for name, values in samples.after.items()} for samples in self.done])
            for i in range(len(totals))
        )
        visibility = np.asarray(seen.visibility)
        hypotheses = joined_motion(lambda samples: samples.motion)
        return SampledClip(
            motion=_number(hypotheses, best),
            stages={
                name: _number(joined_motion(lambda samples, name=name: samples.stages[name]), best) for name in STAGES
            },
            hypotheses=hypotheses,
            camera=seen.camera,
            fps=float(seen.fps),
            frame_index=np.asarray(seen.frame_index),
            visibility=visibility,
            infilled=visibility < SEEN,
            spread=_spread(joined(lambda samples: samples.joints)),
            totals=totals,
            share=np.average([samples.share[best] for samples in self.done], axis=0, weights=lengths),
            energies_before=mean([samples.before for samples in self.done]),
            energies_after=each[best],
            energies_each=each,
        )


def _number(motions: Motion, n: int) -> Motion:
    """One of the motions [N, P, T]."""
    return jax.tree.map(lambda x: x[n], motions)


def _spread(joints: np.ndarray) -> np.ndarray:
    """Root mean square distance [P, T, J] of the joints of N hypotheses [N, P, T, J, 3] from their mean."""
    return np.sqrt(np.square(joints - joints.mean(axis=0)).sum(axis=-1).mean(axis=0))
