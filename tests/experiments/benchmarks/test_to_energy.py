"""The search for how far another optimiser has to go."""

import math

import pytest

from experiments.benchmarks.sampling import BLOCK, MOST_ITERATIONS, least_iterations


@pytest.mark.parametrize("needed", [1, BLOCK, 11, 79, 80, 81, 130, MOST_ITERATIONS - 1, MOST_ITERATIONS])
def test_the_fewest_blocks_that_suffice(needed):
    found = least_iterations(lambda n: 0.0 if n >= needed else 1.0, goal=0.5)
    assert found == BLOCK * math.ceil(needed / BLOCK)


def test_what_is_not_reached_is_said():
    assert least_iterations(lambda n: 1.0, goal=0.5) is None
