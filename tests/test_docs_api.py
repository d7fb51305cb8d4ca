"""The page of the public API: its code is run as it stands, block after block."""

import pathlib
import re

from tests.helpers import cached_asset

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "api.md"


def test_the_page_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    cached_asset("minilm")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.S | re.M)
    assert len(blocks) == 7
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "(2, 50, 23, 2)" and "(2, 50, 24, 3)" in told
    assert {path.name for path in tmp_path.iterdir()} == {
        "people.glb", "motion.npz", "person0.bvh", "person1.bvh", "person0_amass.npz", "person1_amass.npz"
    }  # fmt: skip
