import json

import pytest

from experiments.lib.ablation_tables import latex, markdown, read_runs, summary, write_tables


def stored(folder, row: str, seed: int, error: float) -> None:
    names = ("hidden_rooted_mpjpe", "rooted_mpjpe", "mpjpe", "acceleration_error")
    one = {"row": row, "seed": seed, "question": f"Is {row} better?", "net": "infiller", "size": "tiny", "steps": 4}
    one |= {"validation": {f"val/{name}": error for name in names}, "device": "1 x cpu", "commit": "abc"}
    (folder / f"{row}-seed{seed}.json").write_text(json.dumps(one))


@pytest.fixture
def results(tmp_path):
    for row, seed, error in (("wide_net", 0, 5.0), ("baseline", 1, 12.0), ("baseline", 0, 10.0)):
        stored(tmp_path, row, seed, error)
    (tmp_path / "other-seed0.failed").write_text("exit code 1: no")
    return tmp_path


def test_mean_and_standard_error_over_seeds(results):
    cells = summary(read_runs(results))
    assert list(cells) == ["baseline", "wide_net"]
    mean, error, seeds = cells["baseline"]["val/mpjpe"]
    assert (mean, seeds) == (11.0, 2) and error == pytest.approx(1.0)
    assert cells["wide_net"]["val/mpjpe"][2] == 1


def test_markdown_and_latex(results):
    told = markdown(read_runs(results)).splitlines()
    assert (
        told[0].startswith("| row | question | hidden rooted mpjpe (mm) |") and "acceleration error (m/s²)" in told[0]
    )
    assert told[2] == "| baseline | Is baseline better? | " + " | ".join(["11 ± 1"] * 4) + " | 2 |"
    assert told[3] == "| wide_net | Is wide_net better? | " + " | ".join(["5"] * 4) + " | 1 |"
    assert len({line.count("|") for line in told[:4]}) == 1
    tex = latex(read_runs(results))
    assert r"wide\_net & $5$ & $5$ & $5$ & $5$ \\" in tex and r"$11 \pm 1$" in tex


def test_files(results):
    write_tables(results, results)
    assert (results / "tables.png").read_bytes()[:4] == b"\x89PNG"
    assert (results / "tables.md").exists() and (results / "tables.tex").exists()
