"""The house has floors: what may import what, how long things may be, and that every module has its tests."""

import ast
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "sm_jax"

FLOORS = (
    ("types", "errors", "geometry"),
    ("body", "motion", "fetch"),
    ("energies", "nets", "diffusion", "text", "perception", "data", "metrics", "export"),
    ("fitting", "scene"),
    ("synthetic",),
    ("prepare", "train"),
    ("tasks", "observe", "score"),
    ("source",),
    ("describe",),
    ("windowed",),
    ("sampling",),
    ("pipeline",),
    ("baselines",),
    ("benchmark",),
    ("run",),
    ("evaluate",),
    ("cli",),
)
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
STRANGERS = 2  # the floor whose packages do not know each other
# package -> what it must not import, beyond the floors
FORBIDDEN = {
    "": ("tensorflow", "configs", "experiments", "tests", "smplx", "torch"),
    "diffusion": ("flax", "sm_jax.body", "sm_jax.motion"),
    "nets": ("sm_jax.diffusion", "sm_jax.body.smpl", "sm_jax.body.io"),
    "geometry": ("flax",),
    "metrics": ("flax", "optax"),
}

FILE_LINES, FUNCTION_LINES, SCRIPT_LINES = 300, 60, 80
# Longer for a reason; each named here.
LONG_FILES: frozenset[str] = frozenset()
LONG_FUNCTIONS: frozenset[str] = frozenset()
# Modules without logic of their own
UNTESTED = frozenset({"types.py", "errors.py", "schema.py", "method.py"})

MODULES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = sorted([*(ROOT / "experiments").rglob("*.py"), *(ROOT / "configs").rglob("*.py")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def name_of(path: pathlib.Path) -> str:
    return path.relative_to(ROOT).as_posix()


def part_of(path: pathlib.Path) -> str:
    """The package or top-level module of sm_jax that a file belongs to; empty for sm_jax/__init__.py."""
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if part == "__init__" else part


def imports(path: pathlib.Path) -> set[str]:
    """Full names of everything a file imports, wherever it does so."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: imports are absolute here"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def is_inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_down(path):
    part = part_of(path)
    if not part:
        return
    assert part in FLOOR, f"{name_of(path)} is on no floor: add {part} to FLOORS"
    for name in imports(path):
        other = name.split(".")[1] if is_inside(name, "sm_jax") and "." in name else None
        if other is None or other == part or other not in FLOOR:
            continue
        assert FLOOR[other] <= FLOOR[part], f"{name_of(path)} imports {name}, which is on a higher floor"
        assert not (FLOOR[other] == FLOOR[part] == STRANGERS), f"{name_of(path)} imports {name}, its neighbour"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_packages_do_not_know_what_they_must_not(path):
    for part in ("", part_of(path)):
        for stranger in FORBIDDEN.get(part, ()):
            known = [name for name in imports(path) if is_inside(name, stranger)]
            assert not known, f"{name_of(path)} imports {', '.join(known)}"


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "__init__.py"], ids=name_of)
def test_every_module_has_its_tests(path):
    if path.name in UNTESTED:
        return
    relative = path.relative_to(PACKAGE)
    mirror = ROOT / "tests" / relative.parent / f"test_{relative.name}"
    assert mirror.is_file(), f"{name_of(path)} has no {name_of(mirror)}"


def test_every_test_file_has_its_module():
    for path in TESTS:
        if path.name.startswith("test_") and path.parent != ROOT / "tests":
            module = PACKAGE / path.relative_to(ROOT / "tests").parent / path.name.removeprefix("test_")
            scripts = path.relative_to(ROOT / "tests").parts[0] in ("configs", "experiments")
            assert scripts or module.is_file(), f"{name_of(path)} tests {name_of(module)}, which is not there"


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS, *TESTS], ids=name_of)
def test_files_and_functions_are_short(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    limit = SCRIPT_LINES if path.is_relative_to(ROOT / "experiments") else FILE_LINES
    assert lines <= limit or name_of(path) in LONG_FILES, f"{name_of(path)} has {lines} lines, more than {limit}"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            name = f"{name_of(path)}:{node.name}"
            assert length <= FUNCTION_LINES or name in LONG_FUNCTIONS, f"{name} has {length} lines"


def test_every_package_is_one():
    for folder in {path.parent for path in MODULES}:
        assert (folder / "__init__.py").is_file(), f"{name_of(folder)} has no __init__.py and would not be installed"


def test_the_exceptions_are_needed():
    for name in LONG_FILES:
        assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) > FILE_LINES, f"{name} is short by now"


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS, *TESTS], ids=name_of)
def test_no_paths_of_one_machine(path):
    found = re.findall(r"[\"'](/(?:work|root|home|Users|mnt|data)/[^\"']*)[\"']", path.read_text(encoding="utf-8"))
    assert not found, f"{name_of(path)} names {', '.join(found)}"
