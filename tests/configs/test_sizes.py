import jax
import jax.numpy as jnp
import pytest

from configs import base, large, small, tiny
from sm_jax.nets.infiller import Infiller
from sm_jax.nets.refiner import Refiner
from tests.nets.conditions import random_conditions

MILLIONS = {"base": (base, 8.0), "large": (large, 60.0)}


@pytest.mark.parametrize("name", MILLIONS)
def test_the_sizes_that_are_promised(name):
    """Within a tenth; nothing is computed."""
    size, millions = MILLIONS[name]
    conditions = random_conditions()
    x, t = conditions.estimate, jnp.zeros(conditions.estimate.shape[0], jnp.int32)
    key = jax.random.key(0)
    for shapes in (
        jax.eval_shape(Infiller(size.INFILLER.net).init, key, x, t, conditions),
        jax.eval_shape(Refiner(size.REFINER.net).init, key, x, conditions),
    ):
        assert sum(leaf.size for leaf in jax.tree.leaves(shapes)) == pytest.approx(millions * 1e6, rel=0.1)


@pytest.mark.parametrize("size", [tiny, small, base, large], ids=lambda size: size.__name__)
def test_heads_divide_widths_and_parts_divide_batches(size):
    net = size.INFILLER.net
    assert net.width % (2 * net.heads) == 0
    for config in (size.INFILLER, size.REFINER):
        assert config.data.batch % (config.compute.microbatch or 1) == 0
