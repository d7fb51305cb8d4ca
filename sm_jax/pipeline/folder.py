"""One reconstruction from an input path to a folder of results: what `sm-jax reconstruct` does."""

import contextlib
import dataclasses
import logging
import os
import pathlib
import shutil
import time
from collections.abc import Iterator, Sequence
from typing import Any

import jax

from sm_jax import __version__
from sm_jax.assets.cache import cache_folder
from sm_jax.body import smpl
from sm_jax.energies.combine import MEANINGS
from sm_jax.errors import UserError
from sm_jax.export.folder import SUMMARY, files_in, new_folder, unfinished, write_first
from sm_jax.export.summary import save_summary, summarise
from sm_jax.perception.importers.options import ImportOptions
from sm_jax.perception.observation_file import load_observation
from sm_jax.pipeline.describe import describe
from sm_jax.pipeline.first_look import FirstLook
from sm_jax.pipeline.importing import import_with, result_paths
from sm_jax.pipeline.measures import before_and_after
from sm_jax.pipeline.models import as_body, shipped_models, text_encoder
from sm_jax.pipeline.observe import input_path, observe, observe_shot
from sm_jax.pipeline.observed_clip import ObservedClip, load_seen
from sm_jax.pipeline.provenance import code_version
from sm_jax.pipeline.reconstruct import Reconstruction, checked_key, checked_settings, reconstruct
from sm_jax.pipeline.report import REPORT, write_report
from sm_jax.pipeline.result import OBSERVATION, load_result
from sm_jax.sampling.sample import Settings
from sm_jax.text.describers.describer import Describer
from sm_jax.types import Description

_LOGGER = logging.getLogger(__name__)


def reconstruct_to_folder(
    source: str | Sequence[str],
    out: pathlib.Path,
    *,
    describer: Describer,
    body_name: str,
    focal: float | None,
    settings: Settings,
    seed: int,
    overwrite: bool,
    resume: bool = False,
    contacts: bool = True,
    imported: ImportOptions | None = None,
    report: bool = False,
    command: str | None = None,
    shot: tuple[FirstLook, int] | None = None,
) -> None:
    """Observe, describe, reconstruct, and write motion.npz, people.glb, overlay.mp4, summary.json and more to `out`.

    The folder appears whole or not at all, see `export.folder`, except that what was seen is in a new one as soon as it
    is there. source: an input, or the files of another tool's result, of which `imported` says more.  resume: go on
    from what an interrupted run saw, if there is anything; the result is the same.  contacts: whether the contacts of
    the description draw the bodies together, or its words count alone.  report: whether report.html is written too.
    command: what the user typed, for the summary.  shot: a first look at the source, and the number, from 0, of the
    shot that is meant; without it, it is the longest with two people. Raises UserError for any fault in the input, the
    output or the options, as early as it can be known.
    """
    checked_settings(settings)
    checked_key(seed)
    sources, imported = (source,) if isinstance(source, str) else tuple(source), imported or ImportOptions()
    results = result_paths(sources, imported)
    path = input_path(sources[0], focal) if results is None else results[0]
    inputs = (*(results or (path,)), pathlib.Path(body_name))
    people = imported.people if results is None else None
    begun = begun_with(path, body_name, focal, people, shot and shot[1])
    with new_folder(out, overwrite=overwrite, resume=resume, inputs=inputs) as folder:
        keep_compiled_programs()
        body = as_body(body_name)
        for load in (shipped_models, text_encoder):
            load()  # what is missing is missed before anything slow
        seconds: dict[str, float] = {}
        with _stage("seeing", seconds):
            # an observation is read in no time, and nothing of it is kept early
            from_pictures = results is None and path.suffix != ".npz"
            clip = _seen_before(out, begun, body, overwrite) if resume and from_pictures else None
            if clip is None:
                if shot is not None:
                    clip = observe_shot(*shot, source=sources[0], body=body, focal=focal, people=people)
                elif results is None:
                    clip = observe(sources[0], body=body, focal=focal, people=people, video=imported.video)
                else:
                    clip = import_with(results, imported, body=body, focal=focal)
                clip = _kept(clip, folder)
                if from_pictures:
                    write_first(out, folder, [OBSERVATION], {"sm_jax": __version__}, begun)
            else:
                shutil.copyfile(out / OBSERVATION, folder / OBSERVATION)
            clip = dataclasses.replace(clip, source=", ".join(sources))
        with _stage("describing", seconds):
            description = describe(clip, describer=describer)
            if not contacts:
                description = dataclasses.replace(description, contacts=())
                _LOGGER.info("no contact is used (--no-contacts)")
        with _stage("reconstructing", seconds):
            result = reconstruct(clip, description, settings=settings, seed=seed)
        how = {"body_name": body_name, "report": report, "command": command}
        names = _write(folder, result, description, seconds, **how)
    _LOGGER.info("%s: %s (%.0f s)", out, " ".join(names), sum(seconds.values()))


class _SeenOnly(Exception):
    """Leaves an output folder that is not finished: what was seen is in its place."""


def see_to_folder(
    source: str,
    out: pathlib.Path,
    *,
    body_name: str,
    focal: float | None,
    overwrite: bool,
    progress: bool = True,
) -> ObservedClip:
    """The first half of `reconstruct_to_folder` with `resume`: what is seen is in `out` at once, if that is free."""
    path, body = input_path(source, focal), as_body(body_name)
    begun = begun_with(path, body_name, focal)
    clip = None
    with contextlib.suppress(_SeenOnly), new_folder(out, overwrite=overwrite, resume=True, inputs=(path,)) as folder:
        if path.suffix == ".npz":
            clip = _kept(observe(source, body=body, focal=focal), folder)
        else:
            clip = _seen_before(out, begun, body, overwrite)
            if clip is None:
                clip = _kept(observe(source, body=body, focal=focal, progress=progress), folder)
                write_first(out, folder, [OBSERVATION], {"sm_jax": __version__}, begun)
        raise _SeenOnly
    assert clip is not None
    return dataclasses.replace(clip, source=source)


def result_to_folder(
    result: Reconstruction,
    description: Description,
    out: pathlib.Path,
    *,
    seconds: dict[str, float],
    body_name: str,
    report: bool,
    command: str | None,
    overwrite: bool,
) -> None:
    """The second half: the files of a result, without a progress bar. seconds: what the stages before took; that of
    writing is added."""
    with new_folder(out, overwrite=overwrite, resume=True, inputs=(input_path(result.clip.source),)) as folder:
        if unfinished(out) is None:  # nothing was put there, for a finished folder that is overwritten stays so long
            result.clip.save(folder / OBSERVATION)
        else:
            shutil.copyfile(out / OBSERVATION, folder / OBSERVATION)
        how = {"body_name": body_name, "report": report, "command": command}
        _write(folder, result, description, seconds, **how, progress=False)


def begun_with(
    path: pathlib.Path, body_name: str, focal: float | None, people: str | None = None, shot: int | None = None
) -> dict[str, Any]:
    """What a run must have in common with an interrupted one to go on from what that saw."""
    source = str(path.resolve())
    return {
        "source": source,
        "body": body_name,
        "focal": focal,
        "people": people,
        "shot": shot,
        "code": code_version(),
    }


def _kept(clip: ObservedClip, folder: pathlib.Path) -> ObservedClip:
    """The clip as the file holds it: whether interrupted or not, what follows starts from there."""
    clip.save(folder / OBSERVATION)
    return dataclasses.replace(clip, observation=load_observation(folder / OBSERVATION))


def _seen_before(out: pathlib.Path, begun: dict[str, Any], body: smpl.Body, overwrite: bool) -> ObservedClip | None:
    """What an interrupted run with the same beginning saw; None where there is none, or it is to be overwritten."""
    before = unfinished(out)
    if before is None:
        return None
    if differing := [name for name, value in begun.items() if before.get(name) != value]:
        if overwrite:
            return None
        name = differing[0]
        raise UserError(
            f"{out} was begun with another {name} ({before.get(name)}, now {begun[name]}): go on with that one,"
            " or begin anew with --overwrite"
        )
    _LOGGER.info("%s: going on from what was seen", out)
    return load_seen(out / OBSERVATION, pathlib.Path(begun["source"]), body)


def _write(
    folder: pathlib.Path,
    result: Reconstruction,
    description: Description,
    seconds: dict[str, float],
    *,
    body_name: str,
    report: bool,
    command: str | None,
    progress: bool = True,
) -> list[str]:
    """Every file of a result but what was seen, which is there already. Returns the names of all."""
    with _stage("writing", seconds):
        result.save_motion(folder / "motion.npz")
        result.save_stages(folder)
        result.save_amass(folder)
        result.save_bvh(folder)
        result.save_glb(folder / "people.glb")
        result.save_overlay(folder / "overlay.mp4", progress=progress)
        measures = before_and_after(result.clip.body, result.clip.observation, result)
    summary = summarise(
        result,
        description,
        seconds=seconds,
        energies_before=result.energies_before,
        energies_after=result.energies_after,
        energies_meaning=MEANINGS,
        share=result.share,
        measures=measures,
        hypotheses=[{"total": total, **each} for total, each in zip(result.totals, result.energies_each, strict=True)],
        command=command,
    )
    names = sorted(set(files_in(folder)) | ({REPORT} if report else set()))
    save_summary(folder / SUMMARY, {**summary, "files": names})
    if report:
        write_report(folder / REPORT, load_result(folder, body_name))
    return names


def compiled_folder() -> pathlib.Path:
    """Where compiled programs are kept: beside the assets, unless the user has named a place for them."""
    return pathlib.Path(os.environ.get("JAX_COMPILATION_CACHE_DIR") or cache_folder() / "compiled")


def keep_compiled_programs() -> None:
    """Cache compiled programs on disk."""
    jax.config.update("jax_compilation_cache_dir", str(compiled_folder()))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


@contextlib.contextmanager
def _stage(name: str, seconds: dict[str, float]) -> Iterator[None]:
    _LOGGER.info("%s …", name)
    start = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - start, 2)
