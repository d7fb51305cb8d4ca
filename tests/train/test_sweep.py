import pathlib

import pytest

from configs import tiny
from configs.ablations import TABLES
from sm_jax.errors import UserError
from sm_jax.train.sweep import Ablation, Sweep, runs

ROWS = {
    "baseline": Ablation("?", seeds=(0, 1)),
    "wide": Ablation("Wider?", {"net.width": 64, "compute.remat": True}, seeds=(3,)),
}
SWEEP = Sweep(net="infiller", size="tiny", config=tiny.INFILLER, rows=ROWS, start={"steps": 7})


def test_a_run_for_each_row_and_seed():
    found = list(runs(SWEEP))
    assert [run.name for run in found] == ["baseline-seed0", "baseline-seed1", "wide-seed3"]
    assert [run.name for run in runs(SWEEP, ("wide",))] == ["wide-seed3"]
    wide = found[2].config
    assert (wide.steps, wide.seed, wide.net.width, wide.compute.remat) == (7, 3, 64, True)  # pyrefly: ignore[missing-attribute]


def test_a_program_is_told_the_same_as_the_configuration():
    values = {"data.sets": ("a", "b"), "compute.remat": False, "loss.hidden": 0.5}
    (run,) = runs(
        Sweep(net="infiller", size="tiny", config=tiny.INFILLER, rows={"x": Ablation("?", values, seeds=(2,))})
    )
    told = run.arguments(pathlib.Path("there"))
    assert told[:3] == ["--out", "there", "tiny"]
    assert told[3:] == ["--data.sets", "a", "b", "--compute.no-remat", "--loss.hidden", "0.5", "--seed", "2"]


def test_unknown_rows_and_paths_name_the_closest():
    with pytest.raises(UserError, match=r"no row wied in the table: did you mean wide\?"):
        list(runs(SWEEP, ("wied",)))
    with pytest.raises(UserError, match=r"no value net.widht in InfillerTraining: did you mean net.width\?"):
        list(
            runs(Sweep(net="infiller", size="tiny", config=tiny.INFILLER, rows={"x": Ablation("?", {"net.widht": 1})}))
        )


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_are_sound(name):
    """Every path exists, every row but the baseline differs from it, every question is one."""
    found = list(runs(TABLES[name]))
    baseline = next(run for run in found if run.row == "baseline")
    for run in found:
        if run.row != "baseline" and run.seed == baseline.seed:
            assert run.config != baseline.config, run.row
            assert run.question.endswith("?")
    assert len({run.name for run in found}) == len(found)
