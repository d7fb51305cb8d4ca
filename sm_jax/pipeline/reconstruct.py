"""From what was seen of two people to their motion, ready to be saved in every format."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from sm_jax import __version__
from sm_jax.assets.files import make_folder
from sm_jax.body import smpl
from sm_jax.errors import UserError
from sm_jax.export.npz import MotionFile, motion_file, with_motion
from sm_jax.export.npz import save_motion as save_npz
from sm_jax.motion.resample import resample_on_host
from sm_jax.perception.video import Video
from sm_jax.pipeline.describe import Text, describe
from sm_jax.pipeline.models import LoadedModels, shipped_models, text_encoder
from sm_jax.pipeline.observed_clip import ObservedClip, Seen, as_clip
from sm_jax.pipeline.provenance import code_version
from sm_jax.pipeline.result import HYPOTHESES, MOST_HYPOTHESES, STAGES
from sm_jax.sampling.chunks import Request, SampledClip, sample_clips
from sm_jax.sampling.sample import Settings
from sm_jax.text.contacts import contact_targets
from sm_jax.types import Array, Camera, Description, Motion

_MOST_STEPS = 1000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reconstruction(MotionFile):
    """Two people's motion as `motion.npz` holds it, and how it came about. Host arrays.

    The frames are the video's own, between the first and the last that were seen; those of the observation where no
    video is known.

    clip: what was seen.  description: what was said of it.  stages: [P, T] what the models made of the motion on the
    way, by the names of `sampling.inputs.STAGES`.  hypotheses: N of [P, T], the motion among them.  totals: [N] their
    energies, of which the motion is the one with the least.  share: [P] how much of the models' motion each person has
    kept, the rest being the estimate.  energies_before, energies_after: the unweighted terms of the gap-filled estimate
    and of the result.  energies_each: those of every hypothesis.
    """

    clip: ObservedClip
    description: Description
    stages: dict[str, Motion]
    hypotheses: tuple[Motion, ...]
    totals: np.ndarray
    share: np.ndarray
    energies_before: dict[str, float]
    energies_after: dict[str, float]
    energies_each: tuple[dict[str, float], ...]

    def save_motion(self, path: str | os.PathLike[str]) -> None:
        """Write `motion.npz`. Raises UserError if the path cannot be written, as all of these do."""
        save_npz(pathlib.Path(path), self)

    def save_stages(self, folder: str | os.PathLike[str]) -> list[pathlib.Path]:
        """Write what the models made on the way, and all hypotheses but the best, each as a `motion.npz` is, into
        `stages` and `hypotheses` of a folder. Returns the paths."""
        folder, best = pathlib.Path(folder), int(np.argmin(self.totals))
        motions = {folder / STAGES / f"{name}.npz": motion for name, motion in self.stages.items()}
        for number, motion in enumerate(self.hypotheses):
            if number != best:
                motions[folder / HYPOTHESES / f"{number}.npz"] = motion
        for path, motion in motions.items():
            make_folder(path.parent)
            save_npz(path, with_motion(self.clip.body, self, motion))
        return list(motions)

    def save_glb(self, path: str | os.PathLike[str]) -> None:
        """Write both people, skinned and animated, as binary glTF. Needs the extra `export`."""
        from sm_jax.export.glb import save_glb

        save_glb(pathlib.Path(path), self.clip.body, self)

    def save_bvh(self, folder: str | os.PathLike[str]) -> list[pathlib.Path]:
        """Write `person0.bvh` and `person1.bvh` into a folder. Returns the paths."""
        from sm_jax.export.bvh import save_bvh

        return save_bvh(pathlib.Path(folder), self)

    def save_amass(self, folder: str | os.PathLike[str]) -> list[pathlib.Path]:
        """Write `person0_amass.npz` and `person1_amass.npz` into a folder. Returns the paths."""
        from sm_jax.export.amass import save_amass

        return save_amass(pathlib.Path(folder), self)

    def save_overlay(self, path: str | os.PathLike[str], *, progress: bool = True) -> None:
        """Write a video: bodies over the pictures, or over grey where there are none. Needs the extra `export`."""
        from sm_jax.export.overlay import save_overlay

        disable = None if progress else True
        with tqdm(total=len(self.frame_index), desc="drawing", unit="frame", disable=disable) as bar:

            def advance(done: int) -> None:
                bar.update(done - bar.n)

            pictures = self.clip.pictures_or_grey(self.frame_index)
            save_overlay(pathlib.Path(path), pictures, self.clip.body, self, advance)


def reconstruct(
    seen: Seen,
    text: Text = None,
    *,
    hypotheses: int | None = None,
    settings: Settings | None = None,
    seed: int = 0,
    body: smpl.Body | str | os.PathLike[str] | None = None,
    models: LoadedModels | None = None,
) -> Reconstruction:
    """Recover two people's motion: what is hidden is infilled, what jitters refined, contacts and bodies respected.

    seen: what `observe` gave, an observation alone, or a source to observe (whose focal length only `observe` takes).
    text: what happens: a sentence, a .json file, a `Description`; None lets rules say it, see `describe`.
    hypotheses: samples, of which the one of least energy is the result; `spread` says how far they lie apart.
    settings: how to sample otherwise.  seed: of the sampling noise; equal seeds give equal results on one device.
    body: of a source or an observation alone; the open body that ships by default.  models: those of `load_models`;
    what ships by default.
    Raises UserError for any fault in these.
    """
    found = reconstruct_many(
        [seen], [text], hypotheses=hypotheses, settings=settings, seed=seed, body=body, models=models
    )
    return found[0]


def reconstruct_many(
    seen: Sequence[Seen],
    text: Sequence[Text] | Text = None,
    *,
    hypotheses: int | None = None,
    settings: Settings | None = None,
    seed: int = 0,
    body: smpl.Body | str | os.PathLike[str] | None = None,
    models: LoadedModels | None = None,
    batch: int = 1,
) -> list[Reconstruction]:
    """Many clips of any lengths, `batch` of them in each compiled call, spread over the local devices.

    A clip's result is that of `reconstruct` with the same seed and does not depend on the others. text: one for all, or
    one for each clip. Else as `reconstruct`. Raises UserError too where there are not as many texts as clips.
    """
    settings, key = checked_settings(settings, hypotheses), checked_key(seed)
    texts = [text] * len(seen) if text is None or isinstance(text, str | os.PathLike | Description) else list(text)
    if len(texts) != len(seen):
        raise UserError(f"{len(texts)} texts for {len(seen)} clips: give one for each, or one for all")
    if batch < 1:
        raise UserError(f"batch {batch}: give a number from 1")
    if not seen:
        return []
    networks, encoder = models or shipped_models(), text_encoder()
    clips = [as_clip(one, body) for one in seen]
    descriptions = [describe(clip, said) for clip, said in zip(clips, texts, strict=True)]
    requests = [
        Request(
            observation=clip.observation,
            text=encoder.encode_one(description.text),
            contacts=contact_targets(clip.frames.in_clip(description).contacts, clip.observation.visibility.shape[1]),
            key=key,
        )
        for clip, description in zip(clips, descriptions, strict=True)
    ]
    found: dict[int, SampledClip] = {}
    for model in {id(clip.body): clip.body for clip in clips}.values():
        numbers = [number for number, clip in enumerate(clips) if clip.body is model]
        sampled = sample_clips([requests[n] for n in numbers], networks.models, model, settings, batch=batch)
        found |= dict(zip(numbers, sampled, strict=True))
    return [
        _at_source_times(found[n], clip, descriptions[n], _provenance(clip, settings, seed, networks.hashes))
        for n, clip in enumerate(clips)
    ]


def checked_settings(settings: Settings | None, hypotheses: int | None = None) -> Settings:
    """The settings, by default those that ship, with so many hypotheses. Raises UserError for numbers out of range."""
    settings = settings or Settings()
    if hypotheses is not None:
        settings = dataclasses.replace(settings, hypotheses=hypotheses)
    for name, most in (("steps", _MOST_STEPS), ("hypotheses", MOST_HYPOTHESES)):
        if not 1 <= (value := getattr(settings, name)) <= most:
            raise UserError(f"{name} {value}: give a number from 1 to {most}")
    return settings


def checked_key(seed: int) -> Array:
    """The key of a seed. Raises UserError for a number that is none."""
    try:
        return jax.random.key(seed)
    except OverflowError as error:
        raise UserError(f"seed {seed}: give a number from 0 to {2**32 - 1}") from error


def _provenance(clip: ObservedClip, settings: Settings, seed: int, hashes: dict[str, str]) -> dict[str, Any]:
    """What it takes to make the same result again, and what was said of the source."""
    return {
        "sm_jax": __version__,
        "code": code_version(),
        "jax": jax.__version__,
        "device": jax.devices()[0].device_kind,
        "source": os.fsencode(clip.source).decode("utf-8", "backslashreplace"),  # a name may be no text
        "source_notes": list(clip.video.notes) if clip.video else [],
        "settings": dataclasses.asdict(settings),
        "seed": seed,
        "weights": hashes,
        "focal_is_heuristic": clip.focal_is_heuristic,
        "remarks": list(clip.remarks),
        "camera_moved": clip.camera_moved,
    }


def source_rows(video: Video, frame_index: np.ndarray, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """The video's frames [N] between the first and the last that were seen, and where each lies on a grid at `fps`
    frames a second that begins with the first.

    frame_index: [T] the video's frame that is nearest to each point of the grid.
    """
    index = np.arange(frame_index[0], frame_index[-1] + 1)
    return index, (video.times[index] - video.times[index[0]]) * fps


def _at_source_times(
    found: SampledClip, clip: ObservedClip, description: Description, provenance: dict[str, Any]
) -> Reconstruction:
    """A result in each frame of the video between the first and the last that were seen, at that frame's own time; at
    its own rate where there was no video."""
    n_frames = len(found.frame_index)
    fps, position, index = found.fps, np.arange(n_frames, dtype=np.float64), found.frame_index
    time = position / found.fps
    if clip.video is not None:
        index, position = source_rows(clip.video, found.frame_index, found.fps)
        fps, time = clip.video.fps, clip.video.times[index]
    nearest = np.clip(np.rint(position).astype(int), 0, n_frames - 1)
    camera = found.camera
    content = motion_file(
        clip.body,
        resample_on_host(found.motion, position),
        Camera(
            K=camera.K, R=np.asarray(camera.R)[nearest], t=np.asarray(camera.t)[nearest], image_size=camera.image_size
        ),
        fps=fps,
        time=time,
        frame_index=index,
        visibility=found.visibility[:, nearest],
        infilled=found.infilled[:, nearest],
        spread=found.spread[:, nearest],
        provenance=provenance,
    )
    return Reconstruction(
        **{field.name: getattr(content, field.name) for field in dataclasses.fields(content)},
        clip=clip,
        description=description,
        stages={name: resample_on_host(motion, position) for name, motion in found.stages.items()},
        hypotheses=tuple(
            resample_on_host(jax.tree.map(lambda x, n=n: x[n], found.hypotheses), position)
            for n in range(len(found.totals))
        ),
        totals=found.totals,
        share=found.share,
        energies_before=found.energies_before,
        energies_after=found.energies_after,
        energies_each=found.energies_each,
    )
