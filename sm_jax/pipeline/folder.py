"""One reconstruction from an input path to a folder of results: what `sm-jax reconstruct` does."""

import contextlib
import dataclasses
import os
import pathlib
import sys
import time
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from sm_jax import __version__
from sm_jax.assets.cache import cache_folder
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.errors import UserError
from sm_jax.export.amass import save_amass
from sm_jax.export.bvh import save_bvh
from sm_jax.export.folder import SUMMARY, files_in, new_folder
from sm_jax.export.glb import save_glb
from sm_jax.export.npz import MotionFile, motion_file, save_motion
from sm_jax.export.overlay import save_overlay
from sm_jax.export.summary import save_summary, summarise
from sm_jax.motion.resample import resample
from sm_jax.perception.frames import frames_at
from sm_jax.perception.observation_file import save_observation
from sm_jax.perception.video import Video
from sm_jax.pipeline.describe import described
from sm_jax.pipeline.inputs import get_observation, input_path, open_source
from sm_jax.pipeline.observe import ObservedVideo
from sm_jax.pipeline.reconstruct import Reconstruction, load_models, reconstruct
from sm_jax.sampling.sample import Settings
from sm_jax.text.contacts import contact_targets
from sm_jax.text.describers.describer import Describer
from sm_jax.text.encoder import TextEncoder
from sm_jax.types import Camera, Observation


def reconstruct_to_folder(
    source: str,
    out: pathlib.Path,
    *,
    describer: Describer,
    body_name: str,
    focal: float | None,
    settings: Settings,
    seed: int,
    overwrite: bool,
) -> None:
    """Observe, describe, reconstruct, and write motion.npz, people.glb, overlay.mp4, summary.json and more to `out`.

    The folder appears whole or not at all, see `export.folder`. Raises UserError for any fault in the input, the output
    or the options, as early as it can be known.
    """
    key = _key(seed)
    path = input_path(source, focal)
    with new_folder(out, overwrite=overwrite, inputs=(path, pathlib.Path(body_name))) as folder:
        keep_compiled_programs()
        seconds: dict[str, float] = {}
        body = load_body(body_name)
        models, weights_facts = load_models()
        encoder = TextEncoder.load()
        with _stage("seeing", seconds):
            observed = open_source(source, body, focal)
        observation = get_observation(observed)
        with _stage("describing", seconds):
            description = described(observed, body, describer)
            embedding = encoder.encode_one(description.text)
        with _stage("reconstructing", seconds):
            targets = contact_targets(description.contacts, observation.visibility.shape[1])
            result = reconstruct(observation, models, body, embedding, targets, settings, key)
        content = at_source_times(result, observed, body, _provenance(source, observed, settings, seed, weights_facts))
        with _stage("writing", seconds):
            _write(folder, observed, body, content)
        summary = summarise(
            content,
            description,
            seconds=seconds,
            energies_before=result.energies_before,
            energies_after=result.energies_after,
            share=result.share,
            hypotheses=[
                {"total": total, **each} for total, each in zip(result.totals, result.energies_each, strict=True)
            ],
        )
        save_summary(folder / SUMMARY, {**summary, "files": files_in(folder)})
    _say(f"{out}: motion.npz people.glb overlay.mp4 summary.json ({sum(seconds.values()):.0f} s)")


def _key(seed: int) -> jax.Array:
    try:
        return jax.random.key(seed)
    except OverflowError as error:
        raise UserError(f"--seed {seed}: give a number from 0 to {2**32 - 1}") from error


def _write(folder: pathlib.Path, observed: ObservedVideo | Observation, body: smpl.Body, content: MotionFile) -> None:
    """Every file of the results but their summary."""
    save_motion(folder / "motion.npz", content)
    if isinstance(observed, ObservedVideo):
        guessed = observed.focal_is_heuristic
        save_observation(folder / "observation.npz", observed.observation, observed.video, focal_is_heuristic=guessed)
    else:
        save_observation(folder / "observation.npz", observed)
    save_amass(folder, content)
    save_bvh(folder, content)
    save_glb(folder / "people.glb", body, content)
    _save_overlay(folder / "overlay.mp4", observed, body, content)


def _provenance(
    source: str, observed: ObservedVideo | Observation, settings: Settings, seed: int, weights: dict[str, str]
) -> dict[str, Any]:
    """What it takes to make the same result again, and what was said of the source."""
    video = observed.video if isinstance(observed, ObservedVideo) else None
    return {
        "sm_jax": __version__,
        "jax": jax.__version__,
        "device": jax.devices()[0].device_kind,
        "source": os.fsencode(source).decode("utf-8", "backslashreplace"),  # a name may be no text
        "source_notes": list(video.notes) if video else [],
        "settings": dataclasses.asdict(settings),
        "seed": seed,
        "weights": weights,
        "focal_is_heuristic": isinstance(observed, ObservedVideo) and observed.focal_is_heuristic,
    }


def keep_compiled_programs() -> None:
    """Cache compiled programs on disk, beside the assets, unless the user has named a place for them."""
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


def source_rows(video: Video, frame_index: np.ndarray, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """The video's frames [N] between the first and the last that were seen, and where each lies on a grid at `fps`
    frames a second that begins with the first.

    frame_index: [T] the video's frame that is nearest to each point of the grid.
    """
    index = np.arange(frame_index[0], frame_index[-1] + 1)
    return index, (video.times[index] - video.times[index[0]]) * fps


def at_source_times(
    result: Reconstruction, observed: ObservedVideo | Observation, body: smpl.Body, provenance: dict
) -> MotionFile:
    """The result in each frame of the video between the first and the last that were seen, at that frame's own time; at
    its own rate where there was no video.
    """
    n_frames = len(result.frame_index)
    fps, position, index = result.fps, np.arange(n_frames, dtype=np.float64), result.frame_index
    time = position / result.fps
    if isinstance(observed, ObservedVideo):
        index, position = source_rows(observed.video, result.frame_index, result.fps)
        fps, time = observed.video.fps, observed.video.times[index]
    nearest = np.clip(np.rint(position).astype(int), 0, n_frames - 1)
    camera = result.camera
    return motion_file(
        body,
        resample(result.motion, position.astype(np.float32)),
        Camera(
            K=camera.K, R=np.asarray(camera.R)[nearest], t=np.asarray(camera.t)[nearest], image_size=camera.image_size
        ),
        fps=fps,
        time=time,
        frame_index=index,
        visibility=result.visibility[:, nearest],
        infilled=result.infilled[:, nearest],
        spread=result.spread[:, nearest],
        provenance=provenance,
    )


def _save_overlay(
    path: pathlib.Path, observed: ObservedVideo | Observation, body: smpl.Body, content: MotionFile
) -> None:
    """Bodies over the video, or over a grey picture where there is none."""
    if isinstance(observed, ObservedVideo) and observed.video.has_pictures:
        frames = frames_at(observed.video, content.frame_index)
    else:
        width, height = (int(side) for side in content.camera.image_size)
        grey = np.full((height, width, 3), 128, np.uint8)
        frames = (grey for _ in content.frame_index)
    with tqdm(total=len(content.frame_index), desc="drawing", unit="frame") as bar:

        def advance(done: int) -> None:
            bar.update(done - bar.n)

        save_overlay(path, frames, body, content, advance)


@contextlib.contextmanager
def _stage(name: str, seconds: dict[str, float]) -> Iterator[None]:
    _say(f"{name} …")
    start = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - start, 2)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
