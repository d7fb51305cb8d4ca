"""The numbers measure what they are named after."""

import dataclasses

import numpy as np
import pytest

from sm_jax.synthetic.generate import generate
from sm_jax.synthetic.quality import quality


@pytest.fixture(scope="module")
def sequence(body):
    return generate(body, "handshake", 1)


def test_a_handshake_is_a_good_one(body, sequence):
    found = quality(body, sequence)
    assert found["skate"].mean() < 60 and found["depth"].max() < 25 and found["limits"].max() == 0.0
    assert found["gap"].max() < 50 and found["read"].all()
    assert np.percentile(found["acceleration"], 99.9) < 60


def test_faults_show(body, sequence):
    motion = sequence.motion
    slid = motion.pelvis + np.linspace(0, 3, motion.pelvis.shape[1])[:, None].astype(np.float32) * [1, 0, 0]
    merged = np.stack([motion.pelvis[0], motion.pelvis[0]])
    pose = motion.body_pose.copy()
    pose[0, :, 3] = np.diag([1.0, -1.0, -1.0])  # the left knee, half turned round
    change = lambda **parts: quality(body, dataclasses.replace(sequence, motion=dataclasses.replace(motion, **parts)))  # noqa: E731
    assert change(pelvis=slid.astype(np.float32))["skate"].mean() > 300
    assert change(pelvis=merged)["depth"].max() > 50 and change(body_pose=pose)["limits"].max() > 20
    assert not quality(body, dataclasses.replace(sequence, texts=("They bow.",)))["read"].any()
