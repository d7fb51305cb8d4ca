"""What documentation, docstrings and messages name is there: modules and what they define, files, folders."""

import ast
import functools
import itertools
import pathlib
import re

import pytest

from sm_jax.train.config import InfillerTraining, RefinerTraining, paths

ROOT = pathlib.Path(__file__).parent.parent
TOPS = ("sm_jax", "experiments", "configs", "tests", "tools", "docs")
PACKAGES = sorted(path.parent.name for path in (ROOT / "sm_jax").glob("*/__init__.py"))
OPTIONS = {*paths(InfillerTraining()), *paths(RefinerTraining())}  # `data.frames` is one, and `data` a package too

# A folder or file of the repository; a module by its full name, or from a package of sm_jax on between backticks.
PATH = re.compile(rf"(?<![\w./~-])(?:{'|'.join(TOPS)})/[\w./*-]*\w(?![\w<])")
MODULE = re.compile(rf"(?<![\w./@-])(?:{'|'.join(TOPS[:5])})(?:\.[A-Za-z_]\w*)+(?![\w/-])")
SHORT = re.compile(rf"`((?:{'|'.join(PACKAGES)})(?:\.(?!npz|json)[A-Za-z_]\w*)+)`")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")  # of Markdown
ANY = "NAME"  # stands for any file's name in instructions
RECORDS = ("CHANGELOG.md",)  # speaks of former names on purpose

TEXTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in itertools.chain(ROOT.glob("*"), *((ROOT / top).rglob("*") for top in TOPS))
    if path.is_file() and (path.suffix in {".py", ".md", ".toml", ".cff"} or path.name == "Makefile")
)


@functools.cache
def names_of(module: pathlib.Path) -> frozenset[str]:
    """Everything that a module defines or imports at its top level, and `Class.member` of its classes."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return frozenset(found)


def is_there(dotted: str) -> bool:
    """Whether a name stands for a module, or for something that one defines."""
    at = ROOT
    parts = dotted.split(".")
    for number, part in enumerate(parts):
        if (at / part).is_dir():
            at = at / part
        elif (module := at / f"{part}.py").is_file():
            return all(name in names_of(module) for name in parts[number + 1 :])
        else:
            init = at / "__init__.py"
            return init.is_file() and all(name in names_of(init) for name in parts[number:])
    return True


def missing(text: str) -> list[str]:
    """What a text names and the repository does not have."""
    files = [found for found in PATH.findall(text) if not any(ROOT.glob(found.replace(ANY, "*")))]
    modules = [found for found in MODULE.findall(text) if not (is_there(found) or (ROOT / found).exists())]
    short = [found for found in SHORT.findall(text) if not (is_there(f"sm_jax.{found}") or found in OPTIONS)]
    return files + modules + short


@pytest.mark.parametrize("name", [name for name in TEXTS if name not in RECORDS])
def test_what_is_named_exists(name):
    assert not missing((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [name for name in TEXTS if name.endswith(".md")])
def test_links_lead_somewhere(name):
    path = ROOT / name
    assert not [link for link in LINK.findall(path.read_text(encoding="utf-8")) if not (path.parent / link).exists()]


def test_what_is_not_there_is_found():
    package = "sm_jax"  # apart, or this file would name what is not there
    gone = [f"{package}/loose.py", f"{package}.nets.gone", f"{package}.nets.infiller.Gone", "sampling" + ".gone"]
    assert missing("{}, the module {}, its {} and `{}`.".format(*gone)) == gone
    assert not missing("sm_jax/nets/*.py, tests/test_references.py: sm_jax.types.Motion, `nets.infiller.Infiller`")
