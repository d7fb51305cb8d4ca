"""Arguments to a command's object, and a mistake in them to one short line: what is wrong, and what is nearest."""

import contextlib
import difflib
import io
import re
import shlex
from typing import Annotated, Any, Protocol

import tyro

from sm_jax.errors import UserError

# Types of options that several commands share, in words.
Focal = Annotated[float | None, tyro.conf.arg(metavar="PIXELS")]
Body = Annotated[str, tyro.conf.arg(metavar="NAME|FILE")]
Flag = Annotated[bool, tyro.conf.FlagCreatePairsOff]

_RULE = re.compile(r"^\s*[─-]{3,}\s*$")
_KEY = re.compile(r"^(--api[-_]key)=.*", re.S)
_OPTION = re.compile(r"^[│ ] (--[a-z][\w-]*)(,? \S+(?: \S+)*)?(?:\s{2,}|$)", re.M)


class Command(Protocol):
    """A command with its options. The class's docstring and the fields' are its help."""

    def run(self) -> None:
        """Do it."""
        ...

    def interrupted(self) -> str:
        """What is true of the files when `run` was interrupted."""
        ...


def parse(command: type[Any], arguments: list[str], prog: str) -> Command:
    """The command with its options. Raises UserError for a mistake, SystemExit where help was asked for."""
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            return tyro.cli(command, prog=prog, args=arguments)
    except SystemExit as stop:
        if not stop.code:
            raise
        raise UserError(f"{_shorten(told.getvalue(), command)}; see {prog} --help") from None


def command_line(prog: str, arguments: list[str]) -> str:
    """A command as it was given, to be written down: without the key of an endpoint."""
    words = [_KEY.sub(r"\1=…", word) for word in arguments]
    for number, word in enumerate(words[:-1]):
        if word.replace("_", "-") == "--api-key":
            words[number + 1] = "…"
    return shlex.join([*prog.split(), *words])


def nearest(word: str, known: list[str]) -> str | None:
    """The known word that is most like another, if one is like it."""
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.5)), None)


def _shorten(box: str, command: type[Any]) -> str:
    """What a parser's framed, many-lined complaint says, in one line."""
    sections = _sections(box)
    said = " ".join(" ".join(sections[0]).split())
    if found := re.match(r"Unrecognized options: ([^\s,=]+)", said):
        return _unknown(found[1], command)
    if said.startswith("Missing from"):
        names = [line.strip() for line in sections[0] if re.match(r" {6}\S", line)]
        return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} missing"
    if found := re.match(r"invalid choice '(.*)' for argument '(.*)'\. Expected one of \((.*?),?\)", said):
        choices = {choice.strip("' ") for choice in found[3].split(",")} - {"None"}
        return f"{found[2]} takes {', '.join(sorted(choices))}, not {found[1]}"
    if found := re.match(r"Missing value for argument '(.*)'", said):
        return f"{found[1]} lacks its value"
    if found := re.match(r"Error parsing (\S+): .*?['\"]([^'\"]*)['\"]\]?\.?$", said):
        takes = next((line.strip() for part in sections[1:] for line in part if found[1] in line), found[1])
        return f"{takes.replace(' ', ' takes ', 1)}, not {found[2]}"
    return said


def _sections(box: str) -> list[list[str]]:
    """The lines between a box's rules, of each section those up to an empty one, without the frame and its title.

    Where standard output is not UTF-8 there is no frame, but blanks in its place and a rule below the title.
    """
    lines = box.splitlines()
    sections: list[list[str]] = [[]]
    ended = False
    for line in lines[1:-1] if box.startswith("╭") else lines[2:]:
        inside = line.replace("│", " ").rstrip()
        if _RULE.match(inside):
            sections.append([])
            ended = False
        else:
            ended = ended or not inside
            if not ended:
                sections[-1].append(inside)
    return sections


def _unknown(word: str, command: type[Any]) -> str:
    if not word.startswith("-"):
        return f"{word} is one argument too many"
    options = dict(_options(command))
    close = nearest(word, list(options))
    return f"no option {word}" + (f"; the nearest is {close}{options[close]}" if close else "")


def _options(command: type[Any]) -> list[tuple[str, str]]:
    """The options of a command, as its help has them, each with the words for its type."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.suppress(SystemExit):
        tyro.cli(command, args=["--help"])
    return [(name, words.rstrip(" │")) for name, words in _OPTION.findall(told.getvalue())]
