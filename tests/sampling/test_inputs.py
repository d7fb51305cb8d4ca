import jax
import numpy as np

from sm_jax.motion import state, windows
from sm_jax.motion.frames import slice_observation
from sm_jax.sampling.inputs import make_evidence, make_sampling_inputs
from sm_jax.text.contacts import contact_targets
from tests.sampling.test_sample import FRAMES, HANDS, TEXT, seen


def test_a_task_is_whole_windows_whose_end_plays_back():
    task = make_sampling_inputs(seen(), contact_targets(HANDS, FRAMES), TEXT, jax.random.key(0), 3)
    assert task.observation.frame_mask.tolist() == [1.0] * FRAMES + [0.0] * (windows.LENGTH - FRAMES)
    assert task.noise.shape == (3, 1, 2, windows.LENGTH, state.D) and task.overlap_state.shape == (
        3,
        2,
        windows.OVERLAP,
        state.D,
    )
    for values in (task.observation.keypoints, task.observation.motion.pelvis, task.contacts.weight):
        x = np.asarray(values)
        np.testing.assert_array_equal(x[:, FRAMES:], x[:, FRAMES - 2 : 2 * FRAMES - windows.LENGTH - 2 : -1])
    assert (task.overlap_weight == 0).all()


def test_one_frame_is_a_still():
    task = make_sampling_inputs(slice_observation(seen(), slice(7, 8)), contact_targets((), 1), TEXT, jax.random.key(0))
    pelvis = np.asarray(task.observation.motion.pelvis)
    assert pelvis.shape == (2, windows.LENGTH, 3) and (pelvis == pelvis[:, :1]).all()


def test_evidence_is_the_tasks():
    task = make_sampling_inputs(seen(), contact_targets(HANDS, FRAMES), TEXT, jax.random.key(0))
    evidence = make_evidence(task, task.observation.motion)
    assert evidence.keypoints is task.observation.keypoints and evidence.contacts is task.contacts
    assert evidence.frame_mask is task.observation.frame_mask
