import math

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
