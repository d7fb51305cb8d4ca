import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from configs import tiny
from sm_jax.errors import UserError
from sm_jax.motion.normalise import Statistics
from sm_jax.motion.state import D
from sm_jax.train.checkpoint import META, Checkpoints, git_commit
from sm_jax.train.state import TrainState, create

STATISTICS = Statistics(mean=np.zeros(D, np.float32), std=np.ones(D, np.float32))


def state(step: int) -> TrainState:
    fresh = create({"w": jnp.arange(3.0)}, optax.adam(0.1))
    return dataclasses.replace(fresh, step=jnp.int32(step), ema={"w": jnp.arange(3.0) + step})


def test_newest_of_two_comes_back(tmp_path):
    checkpoints = Checkpoints(tmp_path, tiny.INFILLER, STATISTICS, resume=False)
    assert checkpoints.restore(state(0)).step == 0
    for step in (2, 4, 6):
        checkpoints.save(state(step))
    checkpoints.close()
    again = Checkpoints(tmp_path, tiny.INFILLER, STATISTICS, resume=True)
    found = again.restore(state(0))
    jax.tree.map(np.testing.assert_array_equal, found, state(6))
    assert again.latest == 6 and not (tmp_path / "2").exists()
    again.close()


def test_other_data_and_damage_are_refused(tmp_path):
    Checkpoints(tmp_path, tiny.INFILLER, STATISTICS, resume=False).close()
    other = dataclasses.replace(STATISTICS, std=2 * STATISTICS.std)
    with pytest.raises(UserError, match="statistics differ"):
        Checkpoints(tmp_path, tiny.INFILLER, other, resume=True)
    with pytest.raises(UserError, match="kind: RefinerTraining here, InfillerTraining there"):
        Checkpoints(tmp_path, tiny.REFINER, STATISTICS, resume=True)
    (tmp_path / META).write_text("{")
    with pytest.raises(UserError, match="damaged"):
        Checkpoints(tmp_path, tiny.INFILLER, STATISTICS, resume=True)


def test_what_made_it_is_written_down(tmp_path):
    Checkpoints(tmp_path, tiny.INFILLER, STATISTICS, resume=False).close()
    facts = json.loads((tmp_path / META).read_text())
    assert facts["kind"] == "InfillerTraining" and facts["versions"]["jax"] == jax.__version__
    assert facts["commit"] == git_commit()
