"""The documentation becomes a site: every page has its place, every link leads somewhere, every docstring is found."""

import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("mkdocs", reason="mkdocs is not installed")
ROOT = pathlib.Path(__file__).parent.parent


def test_the_site_is_built_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    pages = {path.stem for path in tmp_path.glob("*.html")}
    assert pages >= {path.stem for path in (ROOT / "docs").glob("*.md")} | {"index", "cli", "reference", "changelog"}
    commands, reference = ((tmp_path / f"{name}.html").read_text() for name in ("cli", "reference"))
    assert "--hypotheses NUMBER" in commands and "sm-jax doctor" in commands
    assert "Recover two people's motion: what is hidden is infilled" in reference
