"""The folder that a training writes to: looked at before anything slow, and its faults told in one line."""

import contextlib
import errno
import os
import pathlib
import shutil
import sys
import tempfile
from collections.abc import Iterator

from sm_jax.errors import UserError

META = "run.json"
# Of writing alone: what reads gets other numbers.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_RIGHT = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_SLACK = 2**20  # bytes, for a checkpoint's many small files and for logs


def check_folder(folder: pathlib.Path, resume: bool) -> None:
    """Raises UserError if a training could not write to the folder, or would write over another; makes nothing."""
    if not resume and os.path.exists(folder / META):  # noqa: PTH110 - without rights, it is just not there
        raise UserError(f"{folder} already holds a run: pass --resume to continue it, or name another folder")
    whole = folder.absolute()
    place = next(each for each in (whole, *whole.parents) if os.path.lexists(each))
    if not os.path.isdir(place):  # noqa: PTH112
        raise UserError(f"cannot write to {folder}: {place} is no folder; name another")
    if not os.access(place, os.W_OK | os.X_OK):
        raise UserError(f"cannot write to {folder}: {place} is read-only; name another folder")


def check_room(folder: pathlib.Path, size: int) -> None:
    """Raises UserError if a checkpoint of `size` bytes would not fit. Where that can be done as much is reserved for a
    moment: a full disk, a quota and a limit of the shell all refuse it, and nothing is half written yet."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            if sys.platform == "linux":
                os.posix_fallocate(file.fileno(), 0, size + _SLACK)
            elif shutil.disk_usage(folder).free < size + _SLACK:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        reason = error.strerror or str(error)
        more = f"a checkpoint takes {(size + _SLACK) / 1e6:.1f} MB; what was saved goes on with --resume"
        raise UserError(f"cannot write to {folder}: {reason}; {more}") from error


@contextlib.contextmanager
def write_errors(folder: pathlib.Path) -> Iterator[None]:
    """Raises UserError in place of an OSError that a full or read-only disk gives."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM | _NO_RIGHT:
            raise
        remedy = "free some space" if error.errno in _NO_ROOM else "mend its rights"
        where = error.filename or folder
        raise UserError(f"cannot write to {where}: {error.strerror}; {remedy} and go on with --resume") from error
