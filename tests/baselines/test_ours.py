import numpy as np

from sm_jax.baselines.ours import GUIDED, NETWORKS, Ours
from sm_jax.pipeline import reconstruct
from sm_jax.sampling import Settings
from tests.baselines.scenes import PLAIN, TEXT, apart, clip, models


def test_ours_is_the_pipeline():
    given = clip(0.03)
    found = Ours(models(), PLAIN)(given)
    expected = reconstruct(given.observation, models(), given.body, TEXT, given.contacts, PLAIN, given.key).motion
    assert apart(found, expected) == 0.0
    assert np.isfinite(found.pelvis).all()


def test_settings_are_those_that_ship():
    assert Settings() == GUIDED
    assert NETWORKS.guided_from == 0 < GUIDED.guided_from
