"""The command line of the training programs."""

import contextlib
import io
import pathlib
import re
import sys
from collections.abc import Callable
from typing import Any

import jax
import tyro

from sm_jax.assets.cache import cache_folder
from sm_jax.errors import UserError
from sm_jax.train import parallel
from sm_jax.train.config import closest, paths
from sm_jax.train.loop import leave_when_told
from sm_jax.train.output import check_folder, write_errors

_OWN = ("out", "resume", "coordinator", "processes", "process-id", "help")


def command(main: Callable[[Any, pathlib.Path, bool], None], sizes: dict[str, Any]) -> None:
    """Run a training program: `--out FOLDER [--resume] SIZE [--any.value ...]`, and leave on a user's mistake, a full
    disk and SIGTERM with one line. On several hosts each process says `--coordinator HOST:PORT --processes N
    --process-id I` (`parallel.join_hosts`)."""
    leave_when_told()
    try:
        call(main, sizes, sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))


def call(main: Callable[[Any, pathlib.Path, bool], None], sizes: dict[str, Any], arguments: list[str]) -> None:
    """Run `main` as the arguments say. Raises UserError for arguments that say nothing, and for a folder that cannot be
    written, before `main` does anything slow."""
    sized = tyro.extras.subcommand_type_from_defaults(sizes, prefix_names=False)

    def program(
        config: sized,
        out: pathlib.Path,
        resume: bool = False,
        coordinator: str = "",
        processes: int | None = None,
        process_id: int | None = None,
    ) -> tuple[Any, pathlib.Path, bool, tuple[str, int | None, int | None]]:
        return config, out, resume, (coordinator, processes, process_id)

    _refuse_unknown(arguments, sizes)
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            description = __import__("__main__").__doc__
            marks = (tyro.conf.OmitSubcommandPrefixes,)
            config, out, resume, together = tyro.cli(program, args=arguments, description=description, config=marks)
    except SystemExit as stop:
        if not stop.code:
            raise
        raise UserError(_one_line(said.getvalue())) from None
    parallel.join_hosts(*together)
    check_folder(out, resume)
    parallel.wait_for_all("every process has looked at the output folder")
    jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
    with write_errors(out):
        main(config, out, resume)


def _refuse_unknown(arguments: list[str], sizes: dict[str, Any]) -> None:
    """Raises UserError for the first option that no size has, naming the closest."""
    known = {f"--{name}" for name in _OWN}
    known |= {f"--{path.replace('_', '-')}" for config in sizes.values() for path in paths(config)}
    for argument in arguments:
        name = argument.split("=")[0].replace("_", "-")
        plain = re.sub(r"^--(.*\.)?no-", r"--\1", name)
        if argument.startswith("--") and name not in known and plain not in known:
            raise UserError(f"there is no option {argument.split('=')[0]}{closest(name, known)}")


def _one_line(box: str) -> str:
    """The words of a framed, multi-line message on one line."""
    lines = [re.sub(r"[\u2500-\u257f]|-{3,}", "", line).strip() for line in box.splitlines()]
    return " ".join(" ".join(lines).split())
