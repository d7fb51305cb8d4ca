import dataclasses

import jax
import numpy as np
import pytest

from sm_jax.evaluation.baselines.estimate import raw, slerp
from sm_jax.evaluation.benchmarks.case import Case
from sm_jax.evaluation.report import OURS
from sm_jax.evaluation.result_cache import ResultCache
from sm_jax.evaluation.run import described, run
from tests.sampling.test_sample import FRAMES, seen


def case(number: int, found: bool = True) -> Case:
    """Of takes 0 and 1, at two levels."""
    return Case(
        name=f"case {number}",
        take=f"take {number % 2}",
        level=("easy", "hard")[number % 2],
        body="open-low",
        observation=seen() if found else None,
        scorer=lambda: lambda motion: {"height_mm": 1e3 * float(np.mean(motion.pelvis[..., 2])) + number},
    )


def lifted(clip):
    motion = raw(clip)
    return dataclasses.replace(motion, pelvis=np.asarray(motion.pelvis) + np.array([0, 0, 0.1], np.float32))


@pytest.fixture(scope="module")
def result():
    return run(
        [case(0), case(1), case(2), case(3, found=False)],
        {"raw": raw, OURS: lifted},
        seed=0,
        what="test",
        kept=ResultCache(None),
    )


def test_every_method_is_scored_on_every_clip(result):
    assert result["clips"] == 4 and result["failed"] == ["case 3"] and result["takes"] == ["take 0", "take 1"]
    assert result["frames"] == 3 * FRAMES
    assert [(row["case"], row["method"]) for row in result["rows"]] == [
        (f"case {i}", method) for i in range(3) for method in ("raw", OURS)
    ]
    difference = result["summary"][OURS]["height_mm"]["mean"] - result["summary"]["raw"]["height_mm"]["mean"]
    assert difference == pytest.approx(100, abs=0.1)


def test_levels_stand_apart_and_seconds_are_measured(result):
    easy, hard = (result["levels"][level]["raw"]["height_mm"] for level in ("easy", "hard"))
    assert easy == pytest.approx(hard, abs=0.1)  # (0 + 2) / 2 and 1
    assert all(0 <= row["seconds"] < 5 for row in result["rows"])


def test_ours_is_compared_with_each(result):
    assert result["verdicts"]["raw"]["height_mm"] == "worse"


def test_a_clip_is_described_the_same_again():
    first, second = (described(case(0), jax.random.key(3)) for _ in range(2))
    assert (first.text.tokens == second.text.tokens).all() and first.body.name == "open-low"
    assert np.isfinite(slerp(first).pelvis).all()


def test_what_is_kept_is_not_done_again():
    calls, kept = [], ResultCache(None)

    def counted(clip):
        calls.append(clip)
        return raw(clip)

    results = [run([case(0), case(1)], {"raw": counted}, seed=0, what="test", kept=kept) for _ in range(2)]
    assert len(calls) == 3 and results[0] == results[1]  # one to compile, and one of each clip
    run([case(0)], {"raw": counted}, seed=0, what="test", kept=kept, depends="other weights")
    assert len(calls) == 5
