import numpy as np

from sm_jax.text import rules, user
from sm_jax.text.describer import Describer, Scene
from sm_jax.types import Description
from tests.text.figures import pair


def test_both_describers_keep_the_protocol():
    describers: list[Describer] = [rules.describe, user.say("they talk")]
    scene = Scene(joints=pair(frames=12), visibility=np.ones((2, 12, 24)), fps=30.0)
    assert scene.n_frames == 12
    assert all(isinstance(describe(scene), Description) for describe in describers)
