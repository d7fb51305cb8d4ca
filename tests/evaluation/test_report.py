from sm_jax.evaluation.report import OURS, tables

COLUMNS = {"hidden_mpjpe_mm": 101.26, "jitter_over_truth": 1.234, "contact_recall_5cm": float("nan")}


def result(**changes):
    cell = {name: {"mean": x, "low": x - 1, "high": x + 1} if x == x else {"mean": x} for name, x in COLUMNS.items()}
    return {
        "clips": 3,
        "failed": ["one"],
        "frames": 192,
        "takes": ["a", "b"],
        "summary": {"raw": cell, OURS: cell},
        "levels": {"easy": {"raw": COLUMNS, OURS: COLUMNS}, "hard": {"raw": COLUMNS, OURS: COLUMNS}},
        "verdicts": {"raw": dict.fromkeys(COLUMNS, "better") | {"jitter_over_truth": "worse"}},
    } | changes


def test_errors_and_guards_stand_with_their_intervals():
    text = tables("rendered", result())
    assert "3 clips, 1 failed in the front-end, 192 frames of 2 takes." in text
    assert "| method | hidden mpjpe (mm) |" in text and "| raw | 101 (100–102) |" in text
    assert "| method | contact recall (5 cm) | jitter over truth |" in text
    assert "| raw |  | 1.23 (0.23–2.23) |" in text


def test_levels_and_verdicts_follow():
    text = tables("rendered", result())
    assert "| hidden mpjpe (mm) | easy | hard |" in text
    assert "| raw | + | + | − |" in text
    assert "beside each other method" not in tables("rendered", result(verdicts={}))


def test_one_take_cannot_tell_apart():
    text = tables("mine", result(takes=["a"]))
    assert "One take cannot tell methods apart" in text and "beside each other method" not in text


def test_nothing_failed_says_nothing():
    assert "failed" not in tables("rendered", result(failed=[]))
