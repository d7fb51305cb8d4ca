import dataclasses

import numpy as np
import pytest

from sm_jax.data.loader import WindowLoader
from sm_jax.data.schema import PairSequence
from sm_jax.errors import UserError
from tests.motion.motions import random_motion


def sequence(n_frames: int, seed: int) -> PairSequence:
    motion = random_motion(seed, frames=n_frames)
    count = np.arange(n_frames, dtype=np.float32)
    pelvis = np.stack([np.full(n_frames, seed), count, count], axis=-1)[None].repeat(2, axis=0)
    return PairSequence(
        name=f"s{seed}",
        motion=dataclasses.replace(motion, pelvis=pelvis),
        foot_contact=np.zeros((2, n_frames, 4)),
        hand_contact=np.zeros((n_frames, 2, 2)),
        fps=30.0,
        text="",
        split="train",
    )


def loader(seed: int = 0) -> WindowLoader:
    return WindowLoader([sequence(10, 0), sequence(3, 1), sequence(6, 2)], length=4, batch_size=64, seed=seed)


def test_windows_are_runs_of_frames_of_one_sequence():
    batch = loader().batch(0)
    assert batch.body_pose.shape == (64, 2, 4, 23, 3, 3)
    assert batch.betas.shape == (64, 2, 10)
    which, frame = batch.pelvis[:, 0, :, 0], batch.pelvis[:, 0, :, 1]
    assert (which == which[:, :1]).all()
    assert (np.diff(frame, axis=1) == 1).all()
    assert all(x.dtype == np.float32 for x in (batch.global_orient, batch.body_pose, batch.pelvis, batch.betas))


def test_every_window_occurs_and_short_sequences_do_not():
    windows = loader()
    assert len(windows) == 7 + 3
    starts = {(x, y) for n in range(5) for x, y in windows.batch(n).pelvis[:, 0, 0, :2].tolist()}
    assert starts == {(0, t) for t in range(7)} | {(2, t) for t in range(3)}


def test_a_batch_follows_from_seed_and_position():
    np.testing.assert_array_equal(loader().batch(7).pelvis, loader().batch(7).pelvis)
    assert (loader().batch(7).pelvis != loader().batch(8).pelvis).any()
    assert (loader(0).batch(7).pelvis != loader(1).batch(7).pelvis).any()


def test_too_short_sequences_are_refused():
    with pytest.raises(UserError, match="no sequence has 20 frames"):
        WindowLoader([sequence(10, 0)], length=20, batch_size=1, seed=0)
