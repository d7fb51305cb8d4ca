import numpy as np

from sm_jax.perception.detector import SIZE, Square, whole
from sm_jax.perception.frames import Frame, probe, read_frames
from sm_jax.perception.tracking import Glances, around, follow, glance, interpolate, survey
from tests.perception.people import people, standing
from tests.perception.videos import shades, write_video


def test_the_left_person_is_the_first_and_gaps_are_bridged():
    positions = {0.0: (400, 200), 0.1: (400, None), 0.2: (400, 220)}
    seen = {t: people(*(standing(x) for x in xs if x is not None)) for t, xs in positions.items()}
    image = np.zeros((600, 600, 3), np.uint8)
    frames = [Frame(image, i, t) for i, t in enumerate(seen)]
    answers = iter(seen.values())
    tracks = survey(frames, lambda image, square: next(answers), SIZE)
    np.testing.assert_array_equal(tracks.found, [[True, False, True], [True, True, True]])
    np.testing.assert_allclose(tracks.keypoints[0, :, 11:13, 0].mean(axis=1), [200, 210, 220], atol=1e-3)
    assert (tracks.scores[0, 1] == 0).all()


def test_the_search_follows_both_and_restarts_from_the_survey():
    """The detector sees only who is inside the square it is given; the second person is lost while running off."""
    image = np.zeros((600, 1400, 3), np.uint8)
    paths = {i / 30: (standing(200 + 8 * i), standing(600 + 12 * i)) for i in range(30)}
    now = {"time": 0.0}

    def detect(image: np.ndarray, square: Square):
        inside = [
            k
            for k in paths[now["time"]]
            if (k >= [square.x, square.y]).all() and (k <= [square.x + square.side, square.y + square.side]).all()
        ]
        lost = square.side < image.shape[1] and 10 <= round(now["time"] * 30) <= 21
        return people(*(inside[:1] if lost else inside))

    def frames(step):
        for i, time in enumerate(paths):
            if i % step == 0:
                now["time"] = time
                yield Frame(image, i, time)

    tracks = follow(frames(1), detect, survey(frames(5), detect, SIZE))
    assert tracks.found[0].all()
    np.testing.assert_array_equal(np.flatnonzero(~tracks.found[1]), np.arange(10, 22))
    np.testing.assert_allclose(tracks.keypoints[0, :, 11:13, 0].mean(axis=1), 200 + 8 * np.arange(30), atol=0.5)
    np.testing.assert_allclose(tracks.keypoints[1, :, 11:13, 0].mean(axis=1), 600 + 12 * np.arange(30), atol=0.5)


def test_a_pair_is_told_at_once_with_what_the_tracks_will_say_of_it():
    """In whichever order; not in the frame in which only one is found."""
    image, told = np.zeros((600, 600, 3), np.uint8), {}
    seen = [people(standing(400), standing(200)), people(standing(402)), people(standing(204), standing(404))]
    answers = iter(seen)
    frames = [Frame(image, i, i / 30) for i in range(3)]
    surveyed = survey([Frame(image, 0, 0.0)], lambda image, square: seen[0], SIZE)
    tracks = follow(
        frames, lambda image, square: next(answers), surveyed, lambda frame, k, s: told.update({frame.index: (k, s)})
    )
    assert sorted(told) == [0, 2]
    for index, (keypoints, scores) in told.items():
        left_first = np.argsort(keypoints[:, 0, 0])
        np.testing.assert_array_equal(keypoints[left_first], tracks.keypoints[:, index])
        np.testing.assert_array_equal(scores[left_first], tracks.scores[:, index])


def test_glances_are_the_surveys_frames_as_small_as_the_detector_takes_them(tmp_path):
    """Six a second whatever the rate, and no fewer where the file's clock stands still."""
    for rate, expected in ((60, [0, 10, 20, 30]), (30, [0, 5, 10, 15, 20, 25, 30, 35]), (8, list(range(0, 40, 2)))):
        path, glances = write_video(tmp_path / f"{rate}.mp4", shades(40), [i / rate for i in range(40)]), Glances()
        video = probe(path, visit=glances.visit)
        taken, frames = list(glances.frames(video)), list(read_frames(video, 60.0))
        assert [frame.index for frame in taken] == expected and len(glances) == len(expected)
        for frame in taken:
            assert frame.time == video.times[frame.index]
            np.testing.assert_array_equal(frame.image, glance(frames[frame.index].image))
    still = Glances()
    for number in range(25):
        still.visit(number, 5.0 if number else None, lambda: shades(1)[0])
    assert len(still) == 3


def test_a_survey_of_glances_is_one_of_the_pictures():
    """A detector that finds the brightest row and column says the same of a picture and of its glance."""
    image = np.zeros((512, 1024, 3), np.uint8)
    image[300:304, 700:704] = 255

    def detect(image, square):
        y, x = (c.mean() * square.side / len(image) for c in np.nonzero(image[..., 0] > 100))
        return people(standing(x + 0.5, y + 0.5))

    found = survey([Frame(glance(image), 0, 0.0)], detect, whole(image).side)
    np.testing.assert_allclose(found.keypoints[:, 0, 11:13].mean(axis=1).max(axis=0), [702, 302], atol=4)


def test_square_around_boxes():
    square = around(np.array([[0, 0, 100, 50], [150, 20, 200, 60]]))
    assert square.side == 1.15 * 200 and square.x + square.side / 2 == 100 and square.y + square.side / 2 == 30


def test_interpolation_holds_its_ends():
    values = np.array([[0.0], [10.0]])
    np.testing.assert_allclose(interpolate(np.array([-1, 0.5, 3]), np.array([0.0, 1.0]), values)[:, 0], [0, 5, 10])
    np.testing.assert_allclose(interpolate(np.array([0.0, 2.0]), np.array([1.0]), values[1:])[:, 0], [10, 10])
