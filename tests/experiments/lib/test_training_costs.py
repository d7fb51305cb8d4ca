"""What trainings cost elsewhere, by hand."""

import dataclasses

import pytest

from experiments.lib import training_costs
from experiments.lib.training_costs import ACCELERATORS, Accelerator, best_step_seconds, memory_bytes, recipe_table

DEVICE = Accelerator(flops={"float32": 1e12, "bfloat16": 2e12}, bandwidth=1e11, memory=80e9)
COST = {"flops": int(8e12), "bytes": int(1e11), "dtype": "bfloat16", "state_bytes": int(2e9), "working_bytes": int(3e9)}


def test_a_step_is_as_slow_as_the_slower_of_operations_and_bytes():
    assert best_step_seconds(COST, None, 1.0, DEVICE) == pytest.approx(4.0)  # 8 TFLOP at 2 a second
    narrow = dataclasses.replace(DEVICE, bandwidth=1e10)
    assert best_step_seconds(COST, None, 1.0, narrow) == pytest.approx(10.0)  # 100 GB at 10 a second
    assert best_step_seconds(COST, {"bytes": int(5e10)}, 2.0, DEVICE) == pytest.approx(2 * (4.0 + 0.5))


def test_the_state_does_not_grow_with_the_windows():
    assert memory_bytes(COST, 4.0) == 2e9 + 4 * 3e9


def result() -> dict:
    cost = COST | {"parameters": 2**20, "bytes": 0}
    names = ("infiller base", "infiller large", "refiner base", "refiner large")
    return {"config": {"windows": 8}, "costs": dict.fromkeys(names, cost) | {"examples": {"bytes": 0}}}


def test_the_table_of_recipes_by_hand(monkeypatch):
    monkeypatch.setattr(
        training_costs, "ACCELERATORS", {"one": DEVICE, "small": dataclasses.replace(DEVICE, memory=1e9)}
    )
    rows = recipe_table(result()).splitlines()
    assert len(rows) == 2 + 8
    # 32 windows of a device: four times 4 s, 100,000 times; 2 and 4 times 3 GB; a quarter of the rate takes four times
    assert "| infiller, base-8 | 256 | 32 | 100,000 | 13.0 | 4 | 444 / 1,778 | too small |" in rows
    assert "| infiller, base-64 | 2,048 | 32 | 12,500 | 13.0 | 4 | 56 / 222 | too small |" in rows


def test_rates_are_those_of_the_makers_sheets():
    """TF32 is half of bfloat16 on NVIDIA's; a TPU takes float32 products as bfloat16."""
    for name, on in ACCELERATORS.items():
        assert on.flops["float32"] * (1 if name.startswith("TPU") else 2) == on.flops["bfloat16"]
