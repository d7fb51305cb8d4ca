import dataclasses

import jax.numpy as jnp
import numpy as np

from sm_jax.data import augment
from sm_jax.data.statistics import fit_statistics
from sm_jax.motion.state import FOOT_CONTACT, PELVIS
from tests.data.sequences import alone, sequence


def walk(n_frames: int = 70):
    """Two people who stand two metres apart at one height."""
    one = sequence(n_frames=n_frames)
    pelvis = np.zeros((2, n_frames, 3), np.float32)
    pelvis[:, :, 2], pelvis[1, :, 0] = 0.9, 2.0
    return dataclasses.replace(one, motion=dataclasses.replace(one.motion, pelvis=pelvis))


def test_the_states_are_those_of_the_pair_frame():
    found = fit_statistics([walk()])
    np.testing.assert_allclose(found.mean[PELVIS], [-1.0, 0.0, 0.9], atol=1e-5)
    np.testing.assert_allclose(found.mean[FOOT_CONTACT].mean(), walk().foot_contact.mean(), atol=1e-5)


def test_a_turn_a_mirror_and_the_order_of_the_people_change_nothing():
    one, plain = walk(), fit_statistics([walk()])
    contact = one.foot_contact[..., list(augment.MIRRORED_FEET)]
    for other in (
        dataclasses.replace(one, motion=augment.turn(one.motion, jnp.float32(1.0))),
        dataclasses.replace(one, motion=augment.mirror(one.motion), foot_contact=contact),
    ):
        found = fit_statistics([other])
        np.testing.assert_allclose(found.mean, plain.mean, atol=1e-4)
        np.testing.assert_allclose(found.std, plain.std, atol=1e-4)


def test_the_absent_do_not_count():
    one = alone()
    body_pose = np.array(one.motion.body_pose)
    body_pose[1] = np.eye(3)
    without = dataclasses.replace(one, motion=dataclasses.replace(one.motion, body_pose=body_pose))
    np.testing.assert_allclose(fit_statistics([one]).mean, fit_statistics([without]).mean, atol=1e-5)
