import math

import pytest

from sm_jax.evaluation.result_cache import ResultCache


def test_rows_outlive_an_interruption(tmp_path, caplog):
    caplog.set_level("INFO")
    path = tmp_path / "new" / "out.rows.jsonl"
    first = ResultCache(path)
    first.add("a", {"x": 0.1, "y": float("nan")})
    first.add("b", {"x": 2.0})
    with path.open("a") as file:
        file.write('["c", {"x": ')  # killed while writing
    second = ResultCache(path)
    assert "2 rows" in caplog.text
    row = second.get("a")
    assert row is not None and row["x"] == 0.1 and math.isnan(row["y"])
    assert second.get("b") == {"x": 2.0} and second.get("c") is None
    second.add("c", {"x": 3.0})
    assert ResultCache(path).get("c") == {"x": 3.0}
    second.done()
    assert not path.exists() and ResultCache(path).get("a") is None


def test_without_a_path_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = ResultCache(None)
    rows.add("a", {"x": 1.0})
    rows.done()
    assert rows.get("a") == {"x": 1.0} and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "damage", [b"\xff\xfe", b"[[1], {}]", b"[1, 2]", b"5", b"[" * 100_000, b'["a", {"x": "y"}]', b'["a", [1]]', b"{}"]
)
def test_a_line_that_is_no_row_costs_that_row_alone(tmp_path, damage):
    path = tmp_path / "a.rows.jsonl"
    path.write_bytes(b'["one", {"mm": 1.0}]\n' + damage + b'\n["two", {"mm": 2}]\n')
    assert ResultCache(path).rows == {"one": {"mm": 1.0}, "two": {"mm": 2}}
