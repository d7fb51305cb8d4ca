"""Files that are either whole or absent: written under another name in the same folder, then renamed."""

import contextlib
import os
import pathlib
from collections.abc import Iterator

from sm_jax.errors import UserError


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
