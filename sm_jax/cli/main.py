"""`sm-jax`: the command line. It parses, calls one function a command, and turns a user's mistake into one line."""

import importlib
import keyword
import sys

import tyro

from sm_jax import __version__
from sm_jax.cli.logs import log_to_stderr
from sm_jax.cli.parse import Command, nearest, parse
from sm_jax.errors import UserError

PROG = "sm-jax"
# name -> the class in the module of that name (with _ behind Python's own words), imported when it is asked for
COMMANDS = {
    "reconstruct": "Reconstruct",
    "import": "Import",
    "describe": "Describe",
    "report": "Report",
    "overlay": "Overlay",
    "view": "ViewMotion",
    "export": "Export",
    "fetch": "Fetch",
    "evaluate": "Evaluate",
    "doctor": "Doctor",
}


def main() -> None:
    """Entry point. Exit code 0 on success, 2 on a user's mistake (one line on stderr), 130 when interrupted."""
    command: Command | None = None
    try:
        command = _parse(sys.argv[1:])
        if command is not None:
            with log_to_stderr():
                command.run()
    except UserError as error:
        print(f"{PROG}: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print(f"interrupted; {command.interrupted() if command else 'nothing was done'}", file=sys.stderr)
        sys.exit(130)


def command_class(name: str) -> type[Command]:
    """The class of a command."""
    module = f"{name}_" if keyword.iskeyword(name) else name
    return getattr(importlib.import_module(f"sm_jax.cli.{module}"), COMMANDS[name])


def _parse(arguments: list[str]) -> Command | None:
    """The command with its options; None where what was asked for has been printed."""
    name = arguments[0] if arguments else ""
    if name in COMMANDS:
        return parse(command_class(name), arguments[1:], f"{PROG} {name}")
    if name == "--version":
        print(f"sm_jax {__version__}")
        return None
    if name in ("-h", "--help"):
        tyro.extras.subcommand_cli_from_dict(  # pyrefly: ignore[no-matching-overload]  (one of several commands)
            {name: command_class(name) for name in COMMANDS},
            prog=PROG,
            description="Two interacting people from one video, as SMPL motion in one world. --version says which.",
            args=["--help"],
        )
    close = nearest(name, list(COMMANDS))
    said = f"no command {name}" + (f"; the nearest is {close}" if close else "") if name else "name a command"
    raise UserError(f"{said}; there are {', '.join(COMMANDS)}; see {PROG} --help")


if __name__ == "__main__":
    main()
