import numpy as np

from sm_jax.evaluation.baselines.diffusion import GUIDED, NETWORKS, DiffusionMethod
from sm_jax.sampling.chunks import Request, sample_clip
from sm_jax.sampling.sample import Settings
from tests.evaluation.baselines.scenes import PLAIN, TEXT, apart, clip, models


def test_ours_is_the_pipeline():
    given = clip(0.03)
    found = DiffusionMethod(models(), PLAIN)(given)
    request = Request(observation=given.observation, text=TEXT, contacts=given.contacts, key=given.key)
    expected = sample_clip(request, models(), given.body, PLAIN).motion
    assert apart(found, expected) == 0.0
    assert np.isfinite(found.pelvis).all()


def test_settings_are_those_that_ship():
    assert Settings() == GUIDED
    assert NETWORKS.guidance_start == 0 < GUIDED.guidance_start
