import numpy as np
import pytest

from experiments.benchmark_sets.rendering.backgrounds import DENSITY, blotches, sky, surface


@pytest.mark.parametrize("kind", ["plain", "planks", "tiles", "checks", "bricks", "windows", "shelves", "picture"])
def test_surfaces_have_the_asked_size_and_something_on_them(kind):
    texture = surface(np.random.default_rng(0), 3.0, 2.0, kind)
    assert texture.shape == (2 * DENSITY, 3 * DENSITY, 3) and texture.dtype == np.uint8
    assert texture.std() > 2


def test_a_square_of_a_kilometre_does_not_take_a_gigabyte():
    assert max(surface(np.random.default_rng(0), 1000.0, 20.0, "tiles").shape) <= 1024


def test_blotches_are_coarse():
    fine, coarse = (blotches(np.random.default_rng(0), (128, 128), size) for size in (2.0, 64.0))
    change = lambda x: np.abs(np.diff(x, axis=0)).mean() / x.std()  # noqa: E731
    assert change(coarse) < 0.5 * change(fine)


def test_the_sky_fills_the_picture():
    assert sky(np.random.default_rng(0), (80, 60)).shape == (60, 80, 3)
