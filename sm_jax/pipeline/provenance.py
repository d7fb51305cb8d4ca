"""Which code made a result."""

import functools
import os
import pathlib
import subprocess

from sm_jax.assets.files import hash_files

PACKAGE = pathlib.Path(__file__).parents[1]


@functools.cache
def code_version(package: pathlib.Path = PACKAGE) -> str:
    """Names the code of a package: two results with the same name come from the same files.

    The commit, where the files are those of a commit of the repository that they belong to. Else the commit (`unknown`
    where the package is installed, also inside somebody else's repository), `+` and a hash of all files of the package.
    """
    commit = _git(package, "rev-parse", "--short=12", "HEAD") if _in_its_repository(package) else None
    if commit and _git(package, "status", "--porcelain", "--", ".") == "":
        return commit
    return f"{commit or 'unknown'}+{hash_files(package)}"


def _in_its_repository(package: pathlib.Path) -> bool:
    """Whether a repository keeps the package at its root; one that it is merely installed in does not."""
    root = _git(package, "rev-parse", "--show-toplevel")
    tracked = _git(package, "ls-files", "--error-unmatch", "__init__.py")
    return bool(root and tracked) and pathlib.Path(str(root)).resolve() == package.resolve().parent


def _git(folder: pathlib.Path, *arguments: str) -> str | None:
    """What git answers in a folder; None where it has no answer."""
    # within a hook, git names the repository of the hook to all that it starts
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.decode(errors="replace").strip()
