import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.fitting.mocap.joints import Targets
from sm_jax.fitting.mocap.report import make_report
from sm_jax.types import Contact
from tests.fitting.people import FPS, facing


@pytest.fixture(scope="module")
def reported(body):
    """People measured 3 cm from where they are fitted, then moved into each other."""
    measured, final = facing(0.9, 30), facing(0.2, 30)
    joints = np.asarray(smpl.pose(body, measured).joints)
    weight = np.ones(joints.shape[:3], np.float32)
    weight[:, :, 15] = 0
    target = Targets(
        joints=joints + np.array([0.03, 0, 0.5], np.float32), joint_weight=weight,
        R_world_joint=np.zeros((*joints.shape, 3)), rotation_weight=0 * weight,
    )  # fmt: skip
    hold = Contact(region_a="hand", side_a="left", region_b="hand", side_b="right", start=10, end=20)
    slid = dataclasses.replace(final, pelvis=final.pelvis + 0.01 * jnp.arange(30)[None, :, None])
    return make_report(body, target, measured, slid, (hold,), FPS)


def test_error_is_by_joint_without_the_floors_shift(reported):
    assert "head" not in reported.joint_error
    assert len(reported.joint_error) == 23
    assert all(error == pytest.approx(30, abs=0.1) for error in reported.joint_error.values())
    assert reported.line_error < 0.1


def test_gaps_are_those_of_the_hold(body, reported):
    assert len(reported.gap_before) == len(reported.gap_after) == 10
    assert reported.gap_before[0] - reported.gap_after[0] == pytest.approx(0, abs=700)
    assert reported.hold_share == pytest.approx(1 / 3)


def test_skate_and_penetration_are_before_and_after(reported):
    assert reported.skate_before == pytest.approx(0, abs=1e-3)
    assert reported.skate_after == pytest.approx(1e3 * FPS * 0.01 * np.sqrt(2), rel=1e-3)
    assert reported.penetration_before.largest == 0
    assert reported.penetration_before.deep == 0
    assert reported.penetration_after.largest > 30
    assert reported.penetration_after.mean <= reported.penetration_after.largest
