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
from sm_jax.pipeline.importing import import_with, result_paths
from sm_jax.pipeline.measures import before_and_after
from sm_jax.pipeline.models import as_body, shipped_models, text_encoder
from sm_jax.pipeline.observe import input_path, observe
from sm_jax.pipeline.observed_clip import ObservedClip, load_seen
from sm_jax.pipeline.provenance import code_version
from sm_jax.pipeline.reconstruct import Reconstruction, checked_key, checked_settings, reconstruct
from sm_jax.pipeline.report import REPORT, write_report
from sm_jax.pipeline.result import OBSERVATION, load_result
from sm_jax.sampling.sample import Settings
from sm_jax.text.describers.describer import Describer

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
) -> None:
    """Observe, describe, reconstruct, and write motion.npz, people.glb, overlay.mp4, summary.json and more to `out`.

    The folder appears whole or not at all, see `export.folder`, except that what was seen is in a new one as soon as it
    is there. source: an input, or the files of another tool's result, of which `imported` says more.  resume: go on
    from what an interrupted run saw, if there is anything; the result is the same.  contacts: whether the contacts of
    the description draw the bodies together, or its words count alone.  report: whether report.html is written too.
    command: what the user typed, for the summary. Raises UserError for any fault in the input, the
    output or the options, as early as it can be known.
    """
    checked_settings(settings)
    checked_key(seed)
    sources, imported = (source,) if isinstance(source, str) else tuple(source), imported or ImportOptions()
    results = result_paths(sources, imported)
    path = input_path(sources[0], focal) if results is None else results[0]
    inputs = (*(results or (path,)), pathlib.Path(body_name))
    begun = {"source": str(path.resolve()), "body": body_name, "focal": focal, "code": code_version()}
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
                if results is None:
                    clip = observe(sources[0], body=body, focal=focal)
                else:
                    clip = import_with(results, imported, body=body, focal=focal)
                clip.save(folder / OBSERVATION)
                if from_pictures:
                    write_first(out, folder, [OBSERVATION], {"sm_jax": __version__}, begun)
            else:
                shutil.copyfile(out / OBSERVATION, folder / OBSERVATION)
            # whether interrupted or not, what follows starts from what the file holds
            observation = load_observation(folder / OBSERVATION)
            clip = dataclasses.replace(clip, observation=observation, source=", ".join(sources))
        with _stage("describing", seconds):
            description = describe(clip, describer=describer)
            if not contacts:
                description = dataclasses.replace(description, contacts=())
                _LOGGER.info("no contact is used (--no-contacts)")
        with _stage("reconstructing", seconds):
            result = reconstruct(clip, description, settings=settings, seed=seed)
        with _stage("writing", seconds):
            _write(folder, result)
            measures = before_and_after(clip.body, clip.observation, result)
        summary = summarise(
            result,
            description,
            seconds=seconds,
            energies_before=result.energies_before,
            energies_after=result.energies_after,
            energies_meaning=MEANINGS,
            share=result.share,
            measures=measures,
            hypotheses=[
                {"total": total, **each} for total, each in zip(result.totals, result.energies_each, strict=True)
            ],
            command=command,
        )
        names = sorted(set(files_in(folder)) | ({REPORT} if report else set()))
        save_summary(folder / SUMMARY, {**summary, "files": names})
        if report:
            write_report(folder / REPORT, load_result(folder, body_name))
    _LOGGER.info("%s: %s (%.0f s)", out, " ".join(names), sum(seconds.values()))


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


def _write(folder: pathlib.Path, result: Reconstruction) -> None:
    """Every file of the results but their summary and what was seen, which is there already."""
    result.save_motion(folder / "motion.npz")
    result.save_amass(folder)
    result.save_bvh(folder)
    result.save_glb(folder / "people.glb")
    result.save_overlay(folder / "overlay.mp4")


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
