"""Files that are either whole or absent, written under another name in the same folder, then renamed; and folders."""

import contextlib
import hashlib
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterator

from sm_jax.errors import UserError


def check_writable(path: pathlib.Path, *, overwrite: bool, ours: Callable[[pathlib.Path], bool]) -> None:
    """Raise UserError, before anything slow, where `replacing(path)` would fail or would replace what is not ours.

    ours: whether an existing file is one that may be replaced.
    """
    if path.is_symlink() or path.is_dir():
        raise UserError(f"--out {path}: is a {'link' if path.is_symlink() else 'folder'}; name a file")
    if path.exists() and not overwrite:
        raise UserError(f"{path} exists already; choose another file, or replace it with --overwrite")
    if path.exists() and not ours(path):
        raise UserError(f"--out {path}: holds something that sm-jax did not write; choose another file")
    if not path.parent.is_dir():
        raise UserError(f"cannot write {path}: folder {path.parent} does not exist; create it first")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}; check space and rights") from error


def hash_files(folder: pathlib.Path) -> str:
    """Names the content of a folder: a hash of the paths and contents of all its files but compiled Python."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:12]


def make_folder(folder: pathlib.Path) -> None:
    """Make the folder, and those above it. Raises UserError if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror or error}; name another folder") from error


@contextlib.contextmanager
def replacing(path: str | pathlib.Path) -> Iterator[pathlib.Path]:
    """Give a temporary path with the same suffix; on success it becomes `path`, on any error it vanishes.

    Raises UserError if the folder does not exist or cannot be written.
    """
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    if not path.parent.is_dir():
        raise UserError(f"cannot write {path}: folder {path.parent} does not exist; create it first")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}; check space and rights") from error
    finally:
        temporary.unlink(missing_ok=True)
