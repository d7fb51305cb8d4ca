"""Pages with a worked example: their code is run as it stands, block after block."""

import pathlib
import re

import pytest

from tests.helpers import cached_asset

DOCS = pathlib.Path(__file__).parents[1] / "docs"
# Page -> lines that it prints, and files that it writes.
PAGES = {
    "api.md": (
        {"(2, 50, 23, 2)", "(2, 50, 24, 3)"},
        {"people.glb", "motion.npz", "stages", *(f"person{n}{end}" for n in (0, 1) for end in (".bvh", "_amass.npz"))},
    ),
    "extending.md": ({"[50, 50]", "(2, 50, 3)"}, {"takes", "mine.npz", "result.json"}),
}


def blocks_of(page: str) -> list[str]:
    """The Python of a page."""
    return re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text(encoding="utf-8"), re.S | re.M)


@pytest.mark.parametrize("page", PAGES)
def test_the_page_runs_as_it_stands(page, tmp_path, monkeypatch, capsys):
    cached_asset("minilm")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks_of(page):
        exec(compile(block, page, "exec"), names)
    printed, written = PAGES[page]
    assert printed <= set(capsys.readouterr().out.splitlines())
    assert {path.name for path in tmp_path.iterdir()} == written
