import jax
import jax.numpy as jnp
import numpy as np

from configs import tiny
from sm_jax.motion.state import PELVIS
from sm_jax.nets.infiller import Infiller
from sm_jax.nets.refiner import Refiner
from sm_jax.train.validate import errors, infiller_validation, refiner_validation
from tests.train.small_run import examples, world

ERRORS = jax.jit(lambda x0: errors(x0, examples(), world()))


def test_no_error_at_the_truth():
    report = ERRORS(examples().x0)
    assert all(float(value) < 1e-3 for name, value in report.items() if name != "jitter_ratio")
    np.testing.assert_allclose(report["jitter_ratio"], 1.0, atol=1e-5)


def test_a_shift_by_a_centimetre():
    shift = 0.01 / float(world().statistics.std[PELVIS][0])
    report = ERRORS(jnp.asarray(examples().x0).at[..., PELVIS.start].add(shift))
    np.testing.assert_allclose(report["mpjpe"], 10.0, rtol=1e-3)
    np.testing.assert_allclose(report["rooted_mpjpe"], 0.0, atol=1e-2)


def test_fresh_networks_score_as_what_they_start_from():
    example = examples()
    net = tiny.INFILLER.net
    params = jax.jit(Infiller(net).init)(jax.random.key(0), example.x0, example.number, example.conditions)["params"]
    scores = infiller_validation(net, example, world(), steps=2)(params)
    assert scores["val/mpjpe"] == scores["val/estimate/mpjpe"] > 1.0
    net = tiny.REFINER.net
    params = jax.jit(Refiner(net).init)(jax.random.key(0), example.x0, example.conditions)["params"]
    scores = refiner_validation(net, example.conditions.estimate, example, world())(params)
    assert scores["val/mpjpe"] == scores["val/infilled/mpjpe"] > 1.0
    assert jnp.isfinite(jnp.array(list(scores.values()))).all()
