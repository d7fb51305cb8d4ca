import json

import pytest

from experiments.lib.results import RESULTS, ROOT, write_result
from sm_jax.errors import UserError


def test_a_result_says_how_it_was_measured(tmp_path):
    returned = write_result(
        tmp_path / "a.json", what="nothing", config={"rounds": 3}, seed=7, summary={"ratio": 2.0}, rows=[1]
    )
    found = json.loads((tmp_path / "a.json").read_text())
    assert found == returned
    assert list(found) == ["what", "config", "seed", "device", "commit", "versions", "summary", "rows"]
    assert found["config"] == {"rounds": 3} and found["seed"] == 7 and found["summary"] == {"ratio": 2.0}
    assert "cores" in found["device"] and found["commit"] and found["versions"]["jax"]


def test_a_result_that_cannot_be_written_leaves_the_old_one(tmp_path):
    write_result(tmp_path / "a.json", what="nothing", config={}, seed=0, rows=[1])
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_result(tmp_path / "a.json", what="nothing", config={}, seed=0, rows=object())
    assert json.loads((tmp_path / "a.json").read_text())["rows"] == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    with pytest.raises(UserError, match="does not exist"):
        write_result(tmp_path / "missing" / "a.json", what="nothing", config={}, seed=0)


def test_results_are_in_the_repository():
    assert (ROOT / "setup.py").is_file() and list(RESULTS.glob("*.json"))
