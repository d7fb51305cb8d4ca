import numpy as np

from sm_jax.perception.detector import Square
from sm_jax.perception.frames import Frame
from sm_jax.perception.tracking import around, follow, interpolate, survey
from tests.perception.people import people, standing


def test_the_left_person_is_the_first_and_gaps_are_bridged():
    positions = {0.0: (400, 200), 0.1: (400, None), 0.2: (400, 220)}
    seen = {t: people(*(standing(x) for x in xs if x is not None)) for t, xs in positions.items()}
    image = np.zeros((600, 600, 3), np.uint8)
    frames = [Frame(image, i, t) for i, t in enumerate(seen)]
    answers = iter(seen.values())
    tracks = survey(frames, lambda image, square: next(answers))
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

    tracks = follow(frames(1), detect, survey(frames(5), detect))
    assert tracks.found[0].all()
    np.testing.assert_array_equal(np.flatnonzero(~tracks.found[1]), np.arange(10, 22))
    np.testing.assert_allclose(tracks.keypoints[0, :, 11:13, 0].mean(axis=1), 200 + 8 * np.arange(30), atol=0.5)
    np.testing.assert_allclose(tracks.keypoints[1, :, 11:13, 0].mean(axis=1), 600 + 12 * np.arange(30), atol=0.5)


def test_square_around_boxes():
    square = around(np.array([[0, 0, 100, 50], [150, 20, 200, 60]]))
    assert square.side == 1.15 * 200 and square.x + square.side / 2 == 100 and square.y + square.side / 2 == 30


def test_interpolation_holds_its_ends():
    values = np.array([[0.0], [10.0]])
    np.testing.assert_allclose(interpolate(np.array([-1, 0.5, 3]), np.array([0.0, 1.0]), values)[:, 0], [0, 5, 10])
    np.testing.assert_allclose(interpolate(np.array([0.0, 2.0]), np.array([1.0]), values[1:])[:, 0], [10, 10])
