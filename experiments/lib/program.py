"""The command line of a program: options from the signature of its main function, a user's mistake in one line."""

import sys
from collections.abc import Callable
from typing import Any

import tyro

from sm_jax.cli.logs import log_to_stderr
from sm_jax.errors import UserError


def run(main: Callable[..., Any], description: str | None, *marks: Any) -> None:
    """Call `main` as the command line says. description: the program's docstring, for --help.  marks: of tyro."""
    try:
        with log_to_stderr():
            tyro.cli(main, description=description, config=marks)
    except UserError as error:
        sys.exit(f"error: {error}")
