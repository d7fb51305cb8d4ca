"""The notebook: its cells are run from top to bottom, on a CPU, as a hosted machine would."""

import ast
import json
import pathlib
import re

import pytest

from sm_jax.perception.landmarks import landmarker_asset
from tests.helpers import cached_asset

ROOT = pathlib.Path(__file__).parents[1]
NOTEBOOK = json.loads((ROOT / "docs" / "quickstart.ipynb").read_text(encoding="utf-8"))
CODE = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def source_of(cell: dict[str, list[str]]) -> str:
    """A cell's Python, without what is the notebook's own: lines that begin with %."""
    return "".join(line for line in cell["source"] if not line.startswith("%"))


def test_it_is_kept_without_outputs_and_installs_what_exists():
    assert NOTEBOOK["nbformat"] == 4 and not any(cell["outputs"] or cell["execution_count"] for cell in CODE)
    magic = [line for cell in CODE for line in cell["source"] if line.startswith("%")]
    assert len(magic) == 1 and magic[0].startswith("%pip install")
    extras = re.search(r'"\.\.\[([\w,]+)\]"', magic[0])
    assert extras
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert all(f'"{extra}": [' in setup for extra in extras[1].split(","))
    for cell in CODE:
        ast.parse(source_of(cell))


@pytest.mark.slow  # three minutes: it sees and reconstructs the whole sample clip
def test_it_runs_from_top_to_bottom(tmp_path, monkeypatch, capsys):
    for name in ("movenet-multipose", landmarker_asset(), "minilm", "sample-clip"):
        cached_asset(name)
    mpl = pytest.importorskip("matplotlib", reason="matplotlib, which the notebook draws with, is not installed")
    mpl.use("agg")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for number, cell in enumerate(CODE):
        exec(compile(source_of(cell), f"cell {number}", "exec"), names)
    assert "(2, 51, 23, 2)" in capsys.readouterr().out
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"overlay.mp4", "scene.html", "people.glb", "person0.bvh", "person1.bvh", "motion.npz"}
