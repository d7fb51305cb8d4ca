import jax
import numpy as np

from configs import tiny
from sm_jax.nets.refiner import Refiner
from sm_jax.train.preview import refiner_preview
from tests.train.small_run import examples, world


def test_a_row_each_for_truth_estimate_and_prediction():
    example = examples()
    net = Refiner(tiny.REFINER.net)
    params = jax.jit(net.init)(jax.random.key(0), example.x0, example.conditions)["params"]
    picture = refiner_preview(tiny.REFINER.net, example.x0, example, world())(params)
    rows = np.split(picture, 3)
    assert picture.dtype == np.uint8 and rows[0].shape == (218, 1200, 3)
    assert all(int((row[18:] != row[18, 0]).any(-1).sum()) > 2000 for row in rows)  # somebody is there
    same = np.abs(rows[0][18:].astype(int) - rows[2][18:]).mean()  # a fresh refiner returns what it is given: the truth
    other = np.abs(rows[0][18:].astype(int) - rows[1][18:]).mean()
    assert same < 1.0 < other
