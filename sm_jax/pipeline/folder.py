"""One reconstruction from an input path to a folder of results: what `sm-jax reconstruct` does."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from sm_jax.assets import fetch
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.errors import UserError
from sm_jax.export.amass import save_amass
from sm_jax.export.bvh import save_bvh
from sm_jax.export.glb import save_glb
from sm_jax.export.npz import MotionFile, motion_file, save_motion
from sm_jax.export.overlay import save_overlay
from sm_jax.export.summary import save_summary, summarise
from sm_jax.motion.resample import resample
from sm_jax.perception.frames import frames_at
from sm_jax.perception.observation_file import save_observation
from sm_jax.pipeline.describe import described
from sm_jax.pipeline.inputs import get_observation, open_source
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

    The folder appears whole or not at all: it is written beside its place and moved there at the end. Raises UserError
    for any fault in the input or the options, before anything is written.
    """
    if out.exists() and not overwrite:
        raise UserError(f"{out} exists already; choose another folder, or replace it with --overwrite")
    keep_compiled_programs()
    seconds: dict[str, float] = {}
    body = load_body(body_name)
    models, weights_facts = load_models()
    with _stage("seeing", seconds):
        observed = open_source(source, body, focal)
    observation = get_observation(observed)
    with _stage("describing", seconds):
        description = described(observed, body, describer)
        embedding = TextEncoder.load().encode_one(description.text)
    with _stage("reconstructing", seconds):
        targets = contact_targets(description.contacts, observation.visibility.shape[1])
        key = jax.random.key(seed)
        result = reconstruct(observation, models, body, embedding, targets, settings, key)
    content = at_source_rate(result, observed, body, _provenance(source, observed, settings, seed, weights_facts))
    with _new_folder(out) as folder:
        with _stage("writing", seconds):
            save_motion(folder / "motion.npz", content)
            save_observation(folder / "observation.npz", observation)
            save_amass(folder, content)
            save_bvh(folder, content)
            save_glb(folder / "people.glb", body, content)
            _save_overlay(folder / "overlay.mp4", observed, body, content)
        summary = summarise(
            content,
            description,
            seconds=seconds,
            energies_before=result.energies_before,
            energies_after=result.energies_after,
            hypotheses=[
                {"total": total, **each} for total, each in zip(result.totals, result.energies_each, strict=True)
            ],
        )
        save_summary(folder / "summary.json", summary)
    _say(f"{out}: motion.npz people.glb overlay.mp4 summary.json ({sum(seconds.values()):.0f} s)")


def _provenance(
    source: str, observed: ObservedVideo | Observation, settings: Settings, seed: int, weights: dict[str, str]
) -> dict[str, Any]:
    """What it takes to make the same result again."""
    return {
        "sm_jax": version("sm_jax"),
        "jax": jax.__version__,
        "device": jax.devices()[0].device_kind,
        "source": source,
        "settings": dataclasses.asdict(settings),
        "seed": seed,
        "weights": weights,
        "focal_is_heuristic": isinstance(observed, ObservedVideo) and observed.focal_is_heuristic,
    }


def keep_compiled_programs() -> None:
    """Cache compiled programs on disk, beside the assets, unless the user has named a place for them."""
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        jax.config.update("jax_compilation_cache_dir", str(fetch.cache_folder() / "compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


def at_source_rate(
    result: Reconstruction, observed: ObservedVideo | Observation, body: smpl.Body, provenance: dict
) -> MotionFile:
    """The result at the frame rate of the video it came from; at its own rate where there was no video."""
    n_frames = len(result.frame_index)
    fps, position, index = result.fps, np.arange(n_frames, dtype=np.float32), result.frame_index
    if isinstance(observed, ObservedVideo):
        fps = observed.video.fps
        span = (n_frames - 1) / result.fps
        index = result.frame_index[0] + np.arange(int(span * fps + 1e-3) + 1)
        position = ((index - index[0]) * result.fps / fps).astype(np.float32)
    nearest = np.clip(np.rint(position).astype(int), 0, n_frames - 1)
    camera = result.camera
    return motion_file(
        body,
        resample(result.motion, position),
        Camera(
            K=camera.K, R=np.asarray(camera.R)[nearest], t=np.asarray(camera.t)[nearest], image_size=camera.image_size
        ),
        fps=fps,
        frame_index=index,
        visibility=result.visibility[:, nearest],
        infilled=result.infilled[:, nearest],
        spread=result.spread[:, nearest],
        provenance=provenance,
    )


def _save_overlay(
    path: pathlib.Path, observed: ObservedVideo | Observation, body: smpl.Body, content: MotionFile
) -> None:
    """Bodies over the video, or over a grey picture where there was no video."""
    if isinstance(observed, ObservedVideo):
        frames = frames_at(observed.video.path, content.frame_index)
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


@contextlib.contextmanager
def _new_folder(out: pathlib.Path) -> Iterator[pathlib.Path]:
    """A folder beside `out` that takes its place at the end; on any error it vanishes and `out` is as it was."""
    work, old = (out.with_name(f".{out.name}.{kind}.{os.getpid()}") for kind in ("new", "old"))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        work.mkdir()
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror or error}; check space and rights") from error
    try:
        yield work
        if out.exists():
            out.rename(old)
        work.rename(out)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
