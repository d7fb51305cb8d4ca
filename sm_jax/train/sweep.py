"""The schema of a sweep: rows that each ask one question, and the runs that answer them. Values are in `configs/`."""

import dataclasses
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from sm_jax.errors import UserError
from sm_jax.train.config import TrainConfig, closest, override


@dataclasses.dataclass(frozen=True)
class Ablation:
    """A question, and the values that differ from the sweep's configuration, by path. seeds: one training each."""

    question: str
    overrides: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    seeds: tuple[int, ...] = (0, 1, 2)


@dataclasses.dataclass(frozen=True)
class Sweep:
    """Rows around one configuration of one network. size: its name for the program.  start: values for every row."""

    net: Literal["infiller", "refiner"]
    size: str
    config: TrainConfig
    rows: Mapping[str, Ablation]
    start: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Run:
    """One training of a row."""

    row: str
    seed: int
    net: str
    size: str
    config: TrainConfig
    overrides: Mapping[str, Any]
    question: str

    @property
    def name(self) -> str:
        """Of its folder and its file of results."""
        return f"{self.row}-seed{self.seed}"

    def arguments(self, out: pathlib.Path) -> list[str]:
        """Of the training program."""
        given = ["--out", str(out), self.size]
        for path, value in self.overrides.items():
            given += _option(path, value)
        return given


def runs(sweep: Sweep, names: tuple[str, ...] = ()) -> Iterator[Run]:
    """Every run of some rows (none named: of all). Raises UserError for an unknown row or path, with the closest."""
    for name in names:
        if name not in sweep.rows:
            raise UserError(f"no row {name} in the table{closest(name, sweep.rows)}")
    for name, row in sweep.rows.items():
        if not names or name in names:
            for seed in row.seeds:
                values = {**sweep.start, **row.overrides, "seed": seed}
                yield Run(
                    row=name,
                    seed=seed,
                    net=sweep.net,
                    size=sweep.size,
                    config=override(sweep.config, values),
                    overrides=values,
                    question=row.question,
                )


def _option(path: str, value: Any) -> list[str]:
    flag = path.replace("_", "-")
    if isinstance(value, bool):
        group, _, last = flag.rpartition(".")
        return [f"--{flag}" if value else f"--{group}{'.' if group else ''}no-{last}"]
    values = value if isinstance(value, tuple | list) else (value,)
    return [f"--{flag}", *map(str, values)]
