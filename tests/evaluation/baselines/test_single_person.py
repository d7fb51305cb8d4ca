import dataclasses

import jax
import numpy as np
import pytest

from sm_jax.energies.combine import EnergyWeights
from sm_jax.evaluation.baselines import single_person
from sm_jax.evaluation.baselines.single_person import SinglePersonMethod, masked, without_partner
from tests.evaluation.baselines.scenes import FRAMES, PLAIN, apart, clip, models, other_partner


@pytest.mark.parametrize("person", [0, 1])
def test_the_partner_changes_nothing(person):
    method = SinglePersonMethod(models(), PLAIN)
    given, other = clip(0.03), other_partner(clip(0.03), person)
    a, b = method(given), method(other)
    assert apart(a, a) == 0.0 and a.pelvis.shape == (2, FRAMES, 3)
    for name in ("global_orient", "body_pose", "pelvis", "betas"):
        np.testing.assert_array_equal(getattr(a, name)[person], getattr(b, name)[person])
    assert np.abs(a.pelvis[1 - person] - b.pelvis[1 - person]).max() > 0.01


def test_each_person_is_seen_and_the_other_is_not():
    observation = clip(0.03).observation
    for person in (0, 1):
        seen = masked(observation, person)
        np.testing.assert_array_equal(seen.keypoints[person], observation.keypoints[person])
        np.testing.assert_array_equal(seen.visibility[person], observation.visibility[person])
        jax.tree.map(lambda x, y, p=person: np.testing.assert_array_equal(x[p], y[p]), seen.motion, observation.motion)
        assert not seen.keypoint_confidence[1 - person].any() and not seen.visibility[1 - person].any()
        np.testing.assert_allclose(
            seen.motion.pelvis[1 - person] - seen.motion.pelvis[person],
            np.tile(single_person.ASIDE, (FRAMES, 1)),
            atol=1e-6,
        )


def test_no_energy_is_between_people():
    weights = without_partner(EnergyWeights(contact=1.0, penetration=2.0, spatial=3.0, reprojection=4.0, skating=5.0))
    assert (weights.contact, weights.penetration, weights.spatial) == (0.0, 0.0, 0.0)
    assert (weights.reprojection, weights.skating) == (2.0, 5.0)
    assert (
        dataclasses.replace(single_person.SETTINGS, weights=without_partner(single_person.GUIDANCE))
        == single_person.SETTINGS
    )
