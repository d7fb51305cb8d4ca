"""One reconstruction from an input path to a folder of results: what `sm-jax reconstruct` does."""

import contextlib
import logging
import os
import pathlib
import time
from collections.abc import Iterator

import jax

from sm_jax.assets.cache import cache_folder
from sm_jax.export.folder import SUMMARY, files_in, new_folder
from sm_jax.export.summary import save_summary, summarise
from sm_jax.pipeline.describe import describe
from sm_jax.pipeline.models import as_body, shipped_models, text_encoder
from sm_jax.pipeline.observe import input_path, observe
from sm_jax.pipeline.reconstruct import Reconstruction, checked_key, checked_settings, reconstruct
from sm_jax.sampling.sample import Settings
from sm_jax.text.describers.describer import Describer

_LOGGER = logging.getLogger(__name__)


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
    checked_settings(settings)
    checked_key(seed)
    path = input_path(source, focal)
    with new_folder(out, overwrite=overwrite, inputs=(path, pathlib.Path(body_name))) as folder:
        keep_compiled_programs()
        body = as_body(body_name)
        for load in (shipped_models, text_encoder):
            load()  # what is missing is missed before anything slow
        seconds: dict[str, float] = {}
        with _stage("seeing", seconds):
            clip = observe(source, body=body, focal=focal)
        with _stage("describing", seconds):
            description = describe(clip, describer=describer)
        with _stage("reconstructing", seconds):
            result = reconstruct(clip, description, settings=settings, seed=seed)
        with _stage("writing", seconds):
            _write(folder, result)
        summary = summarise(
            result,
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
        names = files_in(folder)
    _LOGGER.info("%s: %s (%.0f s)", out, " ".join(names), sum(seconds.values()))


def _write(folder: pathlib.Path, result: Reconstruction) -> None:
    """Every file of the results but their summary."""
    result.save_motion(folder / "motion.npz")
    result.clip.save(folder / "observation.npz")
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
