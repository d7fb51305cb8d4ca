import numpy as np

from sm_jax.text.describers import from_user, rules
from sm_jax.text.describers.describer import Describer, DescriberInput
from sm_jax.types import Description
from tests.text.figures import pair


def test_both_describers_keep_the_protocol():
    describers: list[Describer] = [rules.describe, from_user.describe_sentence("they talk")]
    scene = DescriberInput(joints=pair(frames=12), visibility=np.ones((2, 12, 24)), fps=30.0)
    assert scene.n_frames == 12
    assert all(isinstance(describe(scene), Description) for describe in describers)
