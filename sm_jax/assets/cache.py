"""Where assets lie once they are pulled: a folder for each, there complete and verified, or not at all."""

import hashlib
import os
import pathlib
import shutil

from sm_jax.assets.table import find_asset


def cache_folder() -> pathlib.Path:
    """$SM_JAX_CACHE, else sm_jax in the user's cache folder."""
    if own := os.environ.get("SM_JAX_CACHE"):
        return pathlib.Path(own).expanduser()
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "sm_jax"


def asset_folder(name: str) -> pathlib.Path:
    """Where the asset lies, or would. Raises UserError for an unknown name."""
    return cache_folder() / f"{name}-{find_asset(name).digest}"


def cached(name: str) -> pathlib.Path | None:
    """The asset's folder if it is in the cache, else None. Raises UserError for an unknown name."""
    folder = asset_folder(name)
    return folder if all((folder / member).is_file() for member in find_asset(name).files) else None


def find_damage(name: str, folder: pathlib.Path) -> str:
    """What is wrong with the asset's members in a folder, empty if nothing is."""
    for file_name, expected in find_asset(name).files.items():
        with (folder / file_name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            return f"{file_name} has SHA-256 {found} instead of {expected}"
    return ""


def publish(name: str, ready: pathlib.Path) -> None:
    """Move a folder of verified members to the asset's place, in one step, also where another process does the same."""
    target = asset_folder(name)
    if cached(name) is None:
        shutil.rmtree(target, ignore_errors=True)  # a file of it was deleted by hand
    try:
        ready.rename(target)
    except OSError:
        if cached(name) is None:  # otherwise another process was faster, and what it brought is verified too
            raise
