import dataclasses

import jax
import numpy as np

from sm_jax.sampling.chunks import sample_clips
from tests.sampling.test_chunks import request
from tests.sampling.test_sample import BODY, PLAIN, models

__all__ = ["models"]


def test_the_same_seed_gives_the_same_result_bit_for_bit(models):
    asked = request(40)
    one, again = (sample_clips([asked], models, BODY, PLAIN)[0] for _ in range(2))
    jax.tree.map(np.testing.assert_array_equal, one.motion, again.motion)
    assert one.energies_after == again.energies_after
    other = sample_clips([dataclasses.replace(asked, key=jax.random.key(1))], models, BODY, PLAIN)[0]
    assert np.abs(other.motion.pelvis - one.motion.pelvis).max() > 0
