"""The house: which package may import which, one name for one thing, and nothing private on loan."""

import ast
import collections
import functools
import pathlib
import re

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "sm_jax"

# From left to right; nothing ever imports from its right, and packages of one step do not know each other.
LINE = (
    ("types", "errors"),
    ("assets",),
    ("geometry",),
    ("body",),
    ("motion",),
    ("energies", "nets", "diffusion", "text", "perception", "data", "export"),
    ("fitting",),
    ("synthetic",),
    ("sampling",),
    ("pipeline",),
    ("train",),
    ("evaluation",),
    ("cli",),
)
STEP = {name: step for step, names in enumerate(LINE) for name in names}
# package -> what it must not import, beyond the line; "" stands for all of sm_jax
FORBIDDEN = {
    "": ("tensorflow", "configs", "experiments", "tests", "smplx", "torch"),
    "diffusion": ("flax", "sm_jax.body", "sm_jax.motion"),
    "nets": ("sm_jax.diffusion", "sm_jax.body.smpl", "sm_jax.body.io"),
    "geometry": ("flax",),
}
LOOSE = {"__init__.py", "types.py", "errors.py"}

MODULES = sorted(PACKAGE.rglob("*.py"))
OTHERS = ("configs", "experiments", "tests", "tools")
SOURCES = [*MODULES, *(path for folder in OTHERS for path in (ROOT / folder).rglob("*.py"))]


@functools.cache
def tree(path: pathlib.Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: pathlib.Path) -> str:
    return path.relative_to(ROOT).as_posix()


def part_of(path: pathlib.Path) -> str:
    """The package or top-level module of sm_jax that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: pathlib.Path) -> set[str]:
    """Full names of everything a file imports, wherever it does so."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names}
    return found


def is_inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def test_imports_go_left():
    wrong = []
    for path in MODULES:
        part = part_of(path)
        if part == "__init__":
            continue  # the public names, which come from everywhere
        assert part in STEP, f"{name_of(path)} is nowhere on the line: add {part} to LINE"
        for name in imports(path):
            assert not name.startswith("."), f"{name_of(path)}: imports are absolute here"
            other = name.split(".")[1] if is_inside(name, "sm_jax") and "." in name else part
            if other == part or other not in STEP:
                continue
            if STEP[other] >= STEP[part]:
                wrong.append(f"{name_of(path)} imports {name}")
    assert not wrong, "; ".join(wrong)


def test_packages_do_not_know_what_they_must_not():
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in MODULES
        for part in ("", part_of(path))
        for stranger in FORBIDDEN.get(part, ())
        for name in imports(path)
        if is_inside(name, stranger)
    ]
    assert not wrong, "; ".join(wrong)


def test_nothing_lies_loose_at_the_root():
    assert {path.name for path in PACKAGE.glob("*.py")} == LOOSE


def test_every_package_is_one():
    for folder in {path.parent for path in MODULES}:
        assert (folder / "__init__.py").is_file(), f"{name_of(folder)} has no __init__.py and would not be installed"


def test_a_class_name_exists_once():
    places = collections.defaultdict(list)
    for path in MODULES:
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name_of(path))
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert not twice, twice


def test_private_names_stay_at_home():
    """Neither imported, nor read off an imported module."""
    wrong = []
    for path in SOURCES:
        modules = set()
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and is_inside(node.module or "", "sm_jax"):
                modules |= {alias.asname or alias.name for alias in node.names if alias.name[0].islower()}
                wrong += [f"{name_of(path)}: {alias.name}" for alias in node.names if is_private(alias.name)]
        for node in ast.walk(tree(path)):
            if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
                continue
            if node.value.id in modules and is_private(node.attr):
                wrong.append(f"{name_of(path)}: {ast.unparse(node)}")
    assert not wrong, "; ".join(wrong)


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_no_paths_of_one_machine():
    pattern = re.compile(r"[\"'](/(?:work|root|home|Users|mnt|data)/[^\"']*)[\"']")
    found = {name_of(path): pattern.findall(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert not {name: paths for name, paths in found.items() if paths}
