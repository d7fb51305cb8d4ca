import numpy as np
import pytest

from sm_jax.perception.video import nearest_frames, sound_times, steady_rate


def even(count, fps, start=0.0):
    return [start + i / fps for i in range(count)]


@pytest.mark.parametrize(
    ("count", "fps"), [(64, 60), (51, 120), (52, 120), (33, 240), (1, 30), (2, 60), (7, 24), (5, 1)]
)
def test_the_grid_takes_nearest_frames_and_always_the_ends(count, fps):
    times = np.array(even(count, fps))
    chosen = nearest_frames(times, 30.0)
    assert chosen[0] == 0 and chosen[-1] == count - 1 and (np.diff(chosen) > 0).all()
    grid = np.arange(int(times[-1] * 30 + 1e-6) + 1) / 30
    best = np.abs(grid[:, None] - times).min(axis=1)
    np.testing.assert_allclose(np.abs(grid[:, None] - times[chosen]).min(axis=1), best, atol=1e-9)
    assert len(chosen) <= len(grid) + 1


@pytest.mark.parametrize(
    ("times", "declared", "rate"),
    [
        (even(64, 60), [60.0], 60.0),
        (even(64, 59.94), [60.0, 60000 / 1001], 60000 / 1001),
        (np.round(even(30, 60), 3), [1000.0], 60.0),  # milliseconds
        (even(300, 30000 / 1001), [], pytest.approx(29.97, abs=1e-3)),
        ([0.0, 0.1, 0.3, 0.7], [30.0], pytest.approx(3 / 0.7)),
        ([0.0], [25.0], 25.0),
        ([0.0], [], 30.0),
    ],
)
def test_a_rate_is_believed_where_the_times_obey_it(times, declared, rate):
    assert steady_rate(np.array(times), declared) == rate


def placed(stamps, declared=30.0):
    times, notes = sound_times(stamps, declared)
    assert len(times) == len(stamps) and times[0] == 0 and (np.diff(times) > 0).all()
    assert len(notes) <= 2 and not any("\n" in note for note in notes)
    return times, " ".join(notes)


def test_sound_stamps_are_taken_as_they_are():
    uneven = [i / 15 for i in range(10)] + [10 / 15 + i / 60 for i in range(11)]
    for stamps in (even(50, 25), uneven, np.round(even(30, 60), 3).tolist(), [0.0], even(3, 0.5)):
        times, notes = placed(stamps)
        np.testing.assert_allclose(times, np.array(stamps) - stamps[0], atol=1e-12)
        assert not notes or "no frame between" in notes


SPLICED = even(50, 30) + even(50, 30)
PERMUTED = [i / 30 for i in (1, 4, 3, 5, 2, 8, 7, 9, 6, 10, 13, 12, 11)]


@pytest.mark.parametrize(
    ("stamps", "expected", "words"),
    [
        (SPLICED, even(100, 30), "run back by 1.63 s at frame 50"),
        (even(5, 30) + even(5, 30), even(10, 30), "run back"),
        (even(50, 30) * 3, even(150, 30), "1 times more"),
        (even(20, 30) + even(20, 30, 95443.7), even(40, 30), "leap by 95443"),
        (even(20, 30, 95443.7) + even(20, 30), even(40, 30), "run back"),
        (PERMUTED, even(13, 30), "out of order"),
        ([i // 2 * 2 / 60 for i in range(40)], even(40, 60), "repeat"),
        ([0.0] * 12, even(12, 30), "repeat"),
        ([i / 30 if i != 7 else 1e6 for i in range(20)], even(20, 30), "astray"),
        ([i / 30 if i != 7 else -1e6 for i in range(20)], even(20, 30), "astray"),
        ([None] * 9, even(9, 30), "no timestamps"),
        ([None, 1 / 30, 2 / 30, None, None, 5 / 30, None], even(7, 30), "missing (4 of 7)"),
        (even(20, 30, 100.0), even(20, 30), "start at 100.00 s"),
        (even(20, 30, -1.5), even(20, 30), "start at -1.50 s"),
        (even(20, 30e4), even(20, 30), "apart"),
        (even(6, 1 / 50), even(6, 30), "leap by 50.00 s"),
    ],
)
def test_stamps_that_cannot_be_are_mended_and_told(stamps, expected, words):
    times, notes = placed(stamps)
    np.testing.assert_allclose(times, expected, atol=0.02)
    assert words in notes


def test_lost_frames_and_holes_keep_their_time_and_are_told():
    stamps = [i / 30 for i in range(60) if i not in (20, 21, 40)]
    times, notes = placed(stamps)
    np.testing.assert_allclose(times, stamps, atol=1e-9)
    assert "lacks 3 frames of a steady 30" in notes
    times, notes = placed(even(30, 30) + even(30, 30, 4.0))
    assert times[30] == pytest.approx(4.0) and "no frame between 0.97 and 4.00 s" in notes


def test_a_fuzz_of_stamps_always_gives_ascending_times():
    rng = np.random.default_rng(0)
    for _ in range(300):
        stamps: list[float | None] = (np.cumsum(rng.exponential(0.03, 40)) + rng.normal() * 10).tolist()
        for _ in range(int(rng.integers(0, 6))):
            where, kind = int(rng.integers(0, 40)), int(rng.integers(0, 5))
            stamps[where] = [None, 0.0, -1e9, 1e9, stamps[where - 1]][kind]
        times, _ = placed(stamps, [None, 25.0, 1e6, 0.0][int(rng.integers(0, 4))])
        assert np.isfinite(times).all() and times[-1] < 45 * 10
