"""The soak's calls, samples and summary; and, where asked for, that memory does stay where it is."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

from experiments.benchmarks import soak
from experiments.benchmarks.soak import CLIPS, FRAMES, SHORTEST, Sample
from sm_jax.errors import UserError
from sm_jax.motion import windows
from sm_jax.types import Camera, Motion, Observation

FLAT = 0.05


@pytest.fixture
def views() -> list[Observation]:
    rotation = np.broadcast_to(np.eye(3, dtype=np.float32), (FRAMES, 3, 3))
    return [
        Observation(
            keypoints=np.zeros((2, FRAMES, 23, 2), np.float32),
            keypoint_confidence=np.ones((2, FRAMES, 23), np.float32),
            motion=Motion(
                global_orient=np.stack([rotation] * 2),
                body_pose=np.broadcast_to(np.eye(3, dtype=np.float32), (2, FRAMES, 23, 3, 3)),
                pelvis=np.zeros((2, FRAMES, 3), np.float32),
                betas=np.zeros((2, 10), np.float32),
            ),
            visibility=np.ones((2, FRAMES, 24), np.float32),
            camera=Camera(K=np.eye(3), R=rotation, t=np.zeros((FRAMES, 3)), image_size=np.array([64, 48])),
            fps=np.array(30.0, np.float32),
            frame_index=np.arange(FRAMES),
            frame_mask=np.ones(FRAMES, np.float32),
        )
        for _ in range(3)
    ]


def frames_of(clip: Observation) -> int:
    return clip.visibility.shape[1]


def test_the_warm_up_meets_every_program_that_the_calls_need(views):
    warming = [windows.count(frames_of(clip)) for clips, _ in soak.warming_calls(views) for clip in clips]
    assert set(warming) == {windows.count(frames) for frames in range(SHORTEST, FRAMES + 1)} == {1, 2, 3}


def test_calls_differ_and_follow_from_the_seed(views):
    one, same, other = (soak.random_calls(views, seed) for seed in (0, 0, 1))
    found, again, others = ([next(calls) for _ in range(2)] for calls in (one, same, other))
    lengths = [[frames_of(clip) for clip in clips] for clips, _ in found]
    assert all(len(call) == CLIPS for call in lengths)
    assert lengths == [[frames_of(clip) for clip in clips] for clips, _ in again]
    assert [said for _, said in found] == [said for _, said in again]
    assert lengths[0] != lengths[1] and lengths[0] != [frames_of(clip) for clip in others[0][0]]


def test_what_a_call_keeps_is_seen(views):
    kept = []
    samples = soak.soak(
        lambda clips, said: kept.append(jnp.ones(2**18) * len(kept)),  # 1 MiB
        iter([(views[:1], [None])]),
        soak.random_calls(views, 0),
        minutes=0.02,
    )
    assert samples[0].seconds <= 0 <= samples[1].seconds and samples[0].clips == 1
    assert samples[-1].buffers - samples[0].buffers == len(samples) - 1
    assert samples[-1].buffers_mib - samples[0].buffers_mib == pytest.approx(len(samples) - 1, abs=0.02)
    assert all(sample.resident_mib > 50 for sample in samples)


def test_growth_and_range_leave_the_warm_up_out():
    rising = [Sample(seconds=i - 1, clips=4 * i, resident_mib=1000 + i, buffers=7, buffers_mib=2.0) for i in range(101)]
    rising[0] = Sample(seconds=-1, clips=0, resident_mib=1, buffers=1, buffers_mib=0.1)
    found = soak.summarise(rising)
    assert found["calls"] == 100 and found["clips"] == 400
    assert found["resident_mib"] == {
        "median": 1050.5,
        "growth": pytest.approx(90 / 1005.5, abs=1e-4),
        "range": pytest.approx(1100 / 1001 - 1, abs=1e-4),
    }
    assert found["buffers"] == {"median": 7, "growth": 0, "range": 0}


def test_result_and_picture_are_written(views, tmp_path, monkeypatch):
    parameters = jnp.ones(8)  # there is always something on a device
    monkeypatch.setattr(soak, "simulated_views", lambda seed: views)
    monkeypatch.setattr(soak, "reconstruct_many", lambda clips, said, **how: parameters)
    monkeypatch.setattr(soak, "keep_compiled_programs", lambda: None)
    monkeypatch.setattr(soak, "OUT", tmp_path / "soak.json")
    monkeypatch.setattr(soak, "PICTURE", tmp_path / "soak.png")
    soak.main(minutes=0.002)
    found = json.loads((tmp_path / "soak.json").read_text())
    assert len(found["columns"]) == len(found["samples"][0]) and found["summary"]["calls"] >= 1
    assert (tmp_path / "soak.png").stat().st_size > 1000
    with pytest.raises(UserError, match="--minutes 0: give a number above zero"):
        soak.main(minutes=0)


@pytest.mark.slow
def test_memory_stays_flat():
    """Ten minutes; the hour is `experiments.benchmarks.soak`."""
    views = soak.simulated_views(0)
    calls = soak.random_calls(views, 0)
    samples = soak.soak(
        lambda clips, said: soak.reconstruct_many(clips, said, batch=2), soak.warming_calls(views), calls, minutes=10
    )
    found = soak.summarise(samples)
    print(found)
    assert found["resident_mib"]["growth"] <= FLAT and found["buffers"]["growth"] <= FLAT, found
