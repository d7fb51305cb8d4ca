"""A search over settings, in stages."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sm_jax.baselines.method import Method

Values = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Grid:
    """make: from settings to a method.  start: the settings to begin with.  stages: grids that are searched in turn,
    each around the best settings so far."""

    make: Callable[[Values], Method]
    start: Values
    stages: Sequence[Mapping[str, Sequence[Any]]]

    def around(self, best: Values, stage: Mapping[str, Sequence[Any]]) -> Iterator[Values]:
        """The settings of one stage."""
        for chosen in itertools.product(*stage.values()):
            yield best | dict(zip(stage, chosen, strict=True))
