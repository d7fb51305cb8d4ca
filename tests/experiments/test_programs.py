"""Every program can be imported and says what it does."""

import pathlib
import re
import runpy
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PROGRAMS = sorted(
    path.relative_to(ROOT)
    for path in (ROOT / "experiments").rglob("*.py")
    if "\nif __name__ ==" in path.read_text(encoding="utf-8")
)


def command_of(path: pathlib.Path) -> str:
    """What is typed in the root to run a program: by its path where it is numbered, else as a module."""
    if path.name[0].isdigit():
        return f"python {path}"
    return f"python -m {'.'.join(path.with_suffix('').parts).removesuffix('.__main__')}"


def test_all_seven_numbered_programs_are_there():
    assert [path.name[0] for path in PROGRAMS if path.name[0].isdigit()] == list("0123456")


@pytest.mark.parametrize("path", PROGRAMS, ids=str)
def test_help_is_the_docstring_and_names_the_command(path, monkeypatch, capsys):
    command = command_of(path)
    monkeypatch.setattr(sys, "argv", [str(path), "--help"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(ROOT / path), run_name="__main__")
    assert not stop.value.code
    told = capsys.readouterr().out
    assert re.search(rf"^    {re.escape(command)}( |$)", told, re.MULTILINE), told


@pytest.mark.parametrize("path", PROGRAMS, ids=str)
def test_only_numbered_programs_change_the_path_of_imports(path):
    assert ("sys.path" in (ROOT / path).read_text(encoding="utf-8")) == path.name[0].isdigit()
