"""Clips of any length, many at once: planned, sampled chunk by chunk, and put together again."""

import dataclasses

import jax
import numpy as np
import pytest

from sm_jax.motion import windows
from sm_jax.motion.frames import slice_observation
from sm_jax.sampling import sample
from sm_jax.sampling.chunks import Request, sample_clip, sample_clips
from sm_jax.sampling.inputs import STAGES
from sm_jax.text.contacts import contact_targets
from tests.sampling.test_sample import BODY, HANDS, PLAIN, TEXT, models, seen, traced

__all__ = ["models"]
LONG = jax.device_get(seen(150))


def request(frames, contacts=()):
    """The first frames of one clip: host arrays, so that asking compiles nothing."""
    targets = jax.device_get(contact_targets(contacts, frames))
    return Request(
        observation=slice_observation(LONG, slice(0, frames)), text=TEXT, contacts=targets, key=jax.random.key(frames)
    )


def test_a_clip_longer_than_a_chunk_has_no_seam(models, monkeypatch):
    """With chunks of one window, so that the test is quick: 64 frames, of which 16 are shared."""
    monkeypatch.setattr(windows, "CHUNK", 1)
    frames = 150
    asked = request(frames)
    found = sample_clips([asked], models, BODY, PLAIN)[0]
    assert found.motion.pelvis.shape == (2, frames, 3) and np.isfinite(found.motion.body_pose).all()
    steps = np.abs(np.diff(found.motion.pelvis, axis=1)).max(axis=(0, 2))
    starts = [span.start for span in windows.chunks(frames)]
    assert len(starts) == 3
    borders = [start + i for start in starts[1:] for i in (-1, 0, windows.OVERLAP - 1, windows.OVERLAP)]
    assert steps[borders].max() <= 2 * np.delete(steps, borders).max()


def test_many_clips_are_each_as_alone(models):
    asked = [request(40), request(60, HANDS), request(64)]
    together = sample_clips(asked, models, BODY, PLAIN, batch=2)
    for one, found in zip(asked, together, strict=True):
        alone = sample_clips([one], models, BODY, PLAIN)[0]
        assert found.motion.pelvis.shape[1] == one.observation.visibility.shape[1]
        np.testing.assert_allclose(found.motion.pelvis, alone.motion.pelvis, atol=1e-5)
        assert found.energies_after == pytest.approx(alone.energies_after, rel=1e-3)


def test_the_least_energy_wins_and_the_spread_is_told(models):
    one = request(50)
    settings = dataclasses.replace(PLAIN, hypotheses=3)
    found = sample_clips([one], models, BODY, settings)[0]
    assert [sum(getattr(settings.weights, name) * value for name, value in each.items())
            for each in found.energies_each] == pytest.approx(list(found.totals), rel=1e-3)  # fmt: skip
    assert found.totals.shape == (3,) and found.spread.shape == (2, 50, 24)
    assert found.spread.mean() > 1e-4
    best = int(np.argmin(found.totals))
    total = sum(getattr(settings.weights, name) * value for name, value in found.energies_after.items())
    assert total == pytest.approx(found.totals.min(), rel=1e-3)
    jax.tree.map(np.testing.assert_array_equal, found.motion, jax.tree.map(lambda x: x[best], found.hypotheses))
    assert list(found.stages) == list(STAGES) and found.stages["refined"].pelvis.shape == found.motion.pelvis.shape
    single = sample_clip(one, models, BODY, PLAIN)
    assert (single.spread == 0).all()


def test_clips_of_all_lengths_compile_no_more_programs_than_there_are_numbers_of_windows(models, monkeypatch):
    lengths = np.random.default_rng(0).integers(20, 100, size=12).tolist()
    numbers = len({windows.count(n) for n in lengths})
    assert numbers == 2
    monkeypatch.setattr(sample, "sample_jit", traced(numbers))
    sample_clips([request(n, HANDS if n % 2 else ()) for n in lengths], models, BODY, PLAIN)


def test_no_clips_are_no_results(models):
    assert sample_clips([], models, BODY, PLAIN) == []
