import json
import pathlib

import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.evaluation.evaluate import EvaluationConfig, evaluate, plain

TWO = ("raw estimate", "slerp")


def test_a_benchmark_is_scored_printed_and_written(tmp_path, capsys):
    result = evaluate(EvaluationConfig(benchmarks=("four_views",), methods=TWO), tmp_path / "new" / "out.json")
    assert list(result["methods"]) == list(TWO) == list(result["benchmarks"]["four_views"]["summary"])
    printed = capsys.readouterr().out
    assert "### four_views" in printed and "unseen reprojection (px)" in printed
    stored = json.loads((tmp_path / "new" / "out.json").read_text())
    assert stored["benchmarks"]["four_views"]["clips"] == 4 and len(stored["benchmarks"]["four_views"]["rows"]) == 8
    assert len(stored["weights"]["infiller_sha256"]) == 64 and stored["commit"]
    raw = stored["benchmarks"]["four_views"]["summary"]["raw estimate"]
    assert 50 < raw["mpjpe_mm"]["mean"] < 150 and raw["contact_recall_5cm"]["mean"] is None


def test_what_is_not_there_is_said_before_anything_is_written(tmp_path):
    out = tmp_path / "out.json"
    for question, words in (
        (EvaluationConfig(methods=("magic",)), "no method 'magic': name some of raw estimate, slerp"),
        (EvaluationConfig(benchmarks=("hi4d",)), "no benchmark 'hi4d': name some of rendered, rendered_reobserved"),
        (EvaluationConfig(data="nothing.npz", methods=TWO), "nothing.npz: no such file"),
        (EvaluationConfig(infiller=pathlib.Path("none.npz")), "no weights at none.npz"),
    ):
        with pytest.raises(UserError, match=words):
            evaluate(question, out)
    assert not out.exists()


def test_a_refiner_is_no_infiller():
    from sm_jax.nets.weights import REFINER

    with pytest.raises(UserError, match="holds no infiller"):
        evaluate(EvaluationConfig(infiller=REFINER), None)


def test_results_are_plain():
    assert plain({"a": (1.23456789, float("nan"), pathlib.Path("x/y.npz")), "b": np.inf}) == {
        "a": [1.2346, None, "y.npz"],
        "b": None,
    }
