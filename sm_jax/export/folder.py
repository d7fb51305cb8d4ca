"""An output folder that appears whole or not at all, takes nobody's place but its own, and leaves nothing behind.

It is written beside its place under a name that says who writes it, and moved there at the end. Only a folder whose own
`summary.json` lists every file in it may be replaced. What took long to find may be put into a free place first, with a
summary that calls the run unfinished: that is all an interrupted run leaves, and what the next one can go on with.
"""

import contextlib
import json
import logging
import os
import pathlib
import re
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sm_jax.errors import UserError

_LOGGER = logging.getLogger(__name__)

SUMMARY = "summary.json"
_UNFINISHED = "unfinished"  # key of the summary of a run that goes on, or was interrupted
_HARMLESS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})  # what file managers leave in every folder
_ROOM = 16 << 20  # bytes: less than a short clip's results take


@contextlib.contextmanager
def new_folder(
    out: pathlib.Path, *, overwrite: bool, resume: bool = False, inputs: tuple[pathlib.Path, ...] = ()
) -> Iterator[pathlib.Path]:
    """A folder beside `out` that takes its place at the end; on any error it vanishes and `out` is as it was, or holds
    what `write_first` has put there. resume: whether `out` may hold what an interrupted run has put there.

    Everything that speaks against `out` is found on entering: raises UserError if it is no place for a folder, cannot
    be written, exists and is not to be overwritten, holds any of `inputs` or a file that its own summary does not list,
    or if another run writes to it. What interrupted runs left beside it is cleared. Should `out` have been filled by
    someone else meanwhile, the folder is put beside it and named.
    """
    with contextlib.ExitStack() as undo:
        try:
            place = _place(out)
            _clear_leftovers(out, place)
            _check_content(out, place, overwrite or (resume and unfinished(out) is not None), inputs)
            for parent in reversed([parent for parent in place.parents if not parent.exists()]):
                parent.mkdir()
                undo.callback(_remove_empty, parent)
            work = _beside(place, "new")
            work.mkdir()
            undo.callback(shutil.rmtree, work, ignore_errors=True)
            if (free := shutil.disk_usage(work).free) < _ROOM:
                raise UserError(f"cannot write {out}: only {free >> 20} MB are free; make room for {_ROOM >> 20}")
        except OSError as error:
            raise UserError(f"cannot write {out}: {error.strerror or error}; check space and rights") from error
        yield work
        try:
            _move(work, out, place, overwrite or unfinished(out) is not None, inputs)
        except OSError as error:
            raise UserError(f"cannot write {out}: {error.strerror or error}; check space and rights") from error
        undo.pop_all()


def write_first(
    out: pathlib.Path, work: pathlib.Path, names: Sequence[str], provenance: Mapping[str, Any], begun: Mapping[str, Any]
) -> None:
    """Put some files of the folder `work`, which `new_folder` gave, into its place already, where that is free. A
    finished folder that is to be overwritten stays as it is until the new one is whole.

    begun: what a run must have in common with this one to go on from these files, see `unfinished`.
    """
    place = _place(out)
    free = not place.exists() or all(path.name in _HARMLESS for path in place.iterdir())
    if not free and (unfinished(out) is None or _foreign(place)):
        return
    first = _beside(place, "first")
    try:
        first.mkdir()
        for name in names:
            shutil.copyfile(work / name, first / name)
        summary = {"provenance": dict(provenance), "files": sorted([*names, SUMMARY]), _UNFINISHED: dict(begun)}
        (first / SUMMARY).write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        first.rename(place)
    except OSError as error:
        shutil.rmtree(first, ignore_errors=True)
        raise UserError(f"cannot write {out}: {error.strerror or error}; check space and rights") from error


def unfinished(out: pathlib.Path) -> dict[str, Any] | None:
    """What `write_first` said of the run whose files are in `out`; None where there are none, or of a finished run."""
    try:
        begun = json.loads((out / SUMMARY).read_text(encoding="utf-8"))[_UNFINISHED]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return begun if isinstance(begun, dict) else None


def files_in(folder: pathlib.Path) -> list[str]:
    """What a summary lists as its folder's files: all that are there, and the summary."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    return sorted(found | {SUMMARY})


def _place(out: pathlib.Path) -> pathlib.Path:
    """Where the folder goes. Raises UserError for what can never be one's own."""
    if out.name in ("", ".."):
        raise UserError(f"--out {out}: name a folder of its own, such as {out / 'result'}")
    place = out.parent.resolve() / out.name
    if out.is_symlink():
        raise UserError(f"--out {out}: is a link; name the folder itself, {place.resolve()}")
    if place.exists() and not place.is_dir():
        raise UserError(f"--out {out}: is a file; name a folder")
    if any(here.is_relative_to(place) for here in (pathlib.Path.cwd(), pathlib.Path.home())):
        raise UserError(f"--out {out}: holds the folder that you are in, or your own; name a new one")
    if os.path.ismount(place):
        raise UserError(f"--out {out}: is a mounted disk; name a folder on it, such as {out / 'result'}")
    return place


def _check_content(out: pathlib.Path, place: pathlib.Path, overwrite: bool, inputs: tuple[pathlib.Path, ...]) -> None:
    if not place.exists() or all(path.name in _HARMLESS for path in place.iterdir()):
        return
    if not overwrite and unfinished(out) is not None:
        raise UserError(f"{out} holds what an interrupted run saw: go on with --resume, or begin anew with --overwrite")
    if not overwrite:
        raise UserError(f"{out} exists already; choose another folder, or replace it with --overwrite")
    for path in inputs:
        if path.resolve().is_relative_to(place):
            raise UserError(f"--out {out}: holds the input {path}, which --overwrite would delete; name another folder")
    if foreign := _foreign(place):
        raise UserError(f"--out {out}: holds {foreign}, which sm-jax did not write; name another folder")


def _foreign(place: pathlib.Path) -> str | None:
    """The first entry of a folder that its summary does not list."""
    try:
        summary = json.loads((place / SUMMARY).read_text(encoding="utf-8"))
        ours = {str(name) for name in summary["files"]} if "sm_jax" in summary["provenance"] else set()
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        ours = set()
    folders = {parent.as_posix() for name in ours for parent in pathlib.PurePosixPath(name).parents}
    for path in sorted(place.rglob("*")):
        known = folders if path.is_dir() and not path.is_symlink() else ours
        name = path.relative_to(place).as_posix()
        if name not in known and path.name not in _HARMLESS:
            return name
    return None


def _beside(place: pathlib.Path, kind: str) -> pathlib.Path:
    return place.with_name(f".{place.name}.{kind}.{socket.gethostname()}.{os.getpid()}")


def _clear_leftovers(out: pathlib.Path, place: pathlib.Path) -> None:
    """Remove what dead runs left beside the place; put back what one of them had moved aside."""
    name = re.compile(re.escape(f".{place.name}.") + r"(new|old|first)\.(.+)\.(\d+)")
    for path in sorted(place.parent.iterdir()) if place.parent.is_dir() else []:
        if not (found := name.fullmatch(path.name)):
            continue
        kind, host, process = found[1], found[2], int(found[3])
        if host != socket.gethostname():
            _LOGGER.warning("%s: left by a run on %s; delete it if that run is over", path, host)
        elif _alive(process):
            raise UserError(f"--out {out}: process {process} writes to it; wait, or if it is no sm-jax, delete {path}")
        elif kind == "old" and not place.exists():
            path.rename(place)
            _LOGGER.warning("%s: put back as it was before a run that was interrupted", out)
        else:
            shutil.rmtree(path)
            _LOGGER.warning("%s: left by an interrupted run, removed", path)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _move(
    work: pathlib.Path, out: pathlib.Path, place: pathlib.Path, overwrite: bool, inputs: tuple[pathlib.Path, ...]
) -> None:
    """Put the finished folder in its place, or beside it where someone has filled that in the meantime."""
    try:
        _check_content(out, place, overwrite, inputs)
    except UserError as error:
        numbers = (place.with_name(f"{place.name}-{n}") for n in range(1, 1000))
        place = next(path for path in numbers if not path.exists())
        work.rename(place)
        _LOGGER.warning("%s; the results are in %s", error, place)
        return
    old = _beside(place, "old")
    if place.exists():
        place.rename(old)
    try:
        work.rename(place)
    except OSError:
        if old.exists():
            old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _remove_empty(folder: pathlib.Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
