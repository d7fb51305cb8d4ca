import numpy as np

from sm_jax.perception.crops import GREY
from sm_jax.perception.detector import SIZE, Square, extract, whole
from sm_jax.perception.frames import Frame, probe, read_frames
from sm_jax.perception.pair_choice import choose_people
from sm_jax.perception.tracking import Glances, around, follow, glance, interpolate, look_over, survey
from tests.perception.people import people, standing
from tests.perception.videos import shades, write_video


def seen_by(frames, detect, side=600):
    """The survey of pictures, the longer side of which is `side`."""
    crowd = look_over(frames, detect, side)
    return survey(crowd, choose_people(crowd))


def test_the_left_person_is_the_first_and_gaps_are_bridged():
    positions = {0.0: (400, 200), 0.1: (400, None), 0.2: (400, 220)}
    seen = {t: people(*(standing(x) for x in xs if x is not None)) for t, xs in positions.items()}
    image = np.zeros((600, 600, 3), np.uint8)
    frames = [Frame(image, i, t) for i, t in enumerate(seen)]
    answers = iter(seen.values())
    tracks = seen_by(frames, lambda image, square: next(answers))
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

    tracks = follow(frames(1), detect, seen_by(frames(5), detect, 1400))
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
    surveyed = seen_by([Frame(image, 0, 0.0)], lambda image, square: seen[0])
    tracks = follow(
        frames,
        lambda image, square: people() if len(image) == SIZE else next(answers),  # nobody is behind somebody
        surveyed,
        lambda frame, k, s: told.update({frame.index: (k, s)}),
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
        still.visit(number, 5.0 if number else None, lambda size: shades(1)[0])
    assert len(still) == 3


def test_a_survey_of_glances_is_one_of_the_pictures():
    """A detector that finds the brightest row and column says the same of a picture and of its glance."""
    image = np.zeros((512, 1024, 3), np.uint8)
    image[300:304, 700:704] = 255

    def detect(image, square):
        y, x = (c.mean() * square.side / len(image) for c in np.nonzero(image[..., 0] > 100))
        return people(standing(x + 0.5, y + 0.5))

    found = look_over([Frame(glance(image), 0, 0.0)], detect, whole(image).side).found[0]
    np.testing.assert_allclose(found.keypoints[0, 11:13].mean(axis=0), [702, 302], atol=4)


def test_square_around_boxes():
    square = around(np.array([[0, 0, 100, 50], [150, 20, 200, 60]]))
    assert square.side == 1.15 * 200 and square.x + square.side / 2 == 100 and square.y + square.side / 2 == 30


def test_interpolation_holds_its_ends():
    values = np.array([[0.0], [10.0]])
    np.testing.assert_allclose(interpolate(np.array([-1, 0.5, 3]), np.array([0.0, 1.0]), values)[:, 0], [0, 5, 10])
    np.testing.assert_allclose(interpolate(np.array([0.0, 2.0]), np.array([1.0]), values[1:])[:, 0], [10, 10])


def painted(*people_there: tuple[float, float], size: int = 720) -> np.ndarray:
    """A picture of one or two people with the middle of their hips at a place, for `merging`: each has two marks of an
    own colour, the first on the trunk, the second at a side, where the first one's limbs do not cover them."""
    image = np.zeros((size, size, 3), np.uint8)
    for person, (x, y) in enumerate(people_there):
        side = 60 * person
        for blue, at in ((0, y), (255, y - 50)):
            rows, columns = (slice(round(middle) - 7, round(middle) + 8) for middle in (at, x + side))
            image[rows, columns] = (255 * (1 - person), 255 * person, blue)
    return image


def merging(image: np.ndarray, square: Square):
    """A detector with the real one's weakness: of two people whose hips are within twenty pixels of its input it sees
    the first alone."""
    crop, scale, found = extract(image, square, SIZE).astype(int), square.side / SIZE, []
    for person in range(2):
        own = (crop[..., person] > 150) & (crop[..., 1 - person] < 100)
        low, high = own & (crop[..., 2] < 80), own & (crop[..., 2] > 150)
        if low.sum() < 3 or high.sum() < 3:
            continue
        (low_y, x), (high_y, _) = (np.argwhere(mark).mean(axis=0) for mark in (low, high))
        tall = (low_y - high_y) / 50
        hips = np.array([x - 60 * tall * person, low_y])
        if all(np.linalg.norm(hips - other[11:13].mean(axis=0)) > 20 for other in found):
            found.append(standing(*hips, scale=tall))
    return people(*(points * scale + [round(square.x), round(square.y)] for points in found))


def test_two_who_cover_one_another_are_found_by_a_closer_look_or_behind_one_another():
    """As when one stands before the other all the time: to the detector, in a whole picture, they are one."""
    for gap in (22, 14):
        image = painted((360, 360), (360 + gap, 362))
        assert len(merging(image, whole(image)).scores) == 1
        found = look_over([Frame(image, 0, 0.0)], merging, 720, closer=True).found[0]
        hips = np.sort(found.keypoints[:, 11:13, 0].mean(axis=1))
        np.testing.assert_allclose(hips, [360, 360 + gap], atol=3)
    alone = look_over([Frame(painted((360, 360)), 0, 0.0)], merging, 720, closer=True).found[0]
    assert len(alone.scores) == 1


def test_the_hidden_one_is_followed_behind_the_other():
    """In the middle of the clip one is a few pixels of the detector's input behind the other."""
    gaps = np.concatenate([np.linspace(90, 14, 10), np.full(20, 14.0), np.linspace(14, 90, 10)])
    frames = [Frame(painted((360, 360), (360 + gap, 362)), i, i / 30) for i, gap in enumerate(gaps)]
    tracks = follow(iter(frames), merging, seen_by(frames[::5], merging, 720))
    assert tracks.found.all()
    np.testing.assert_allclose(tracks.keypoints[1, :, 11:13, 0].mean(axis=1), 360 + gaps, atol=6)


def told(poses):
    """A detector that finds the poses of the frame that was taken last, everywhere, and nobody behind anybody; and the
    frames, every so many."""
    now = {"frame": 0}

    def frames(step):
        for i in range(0, len(poses), step):
            now["frame"] = i
            yield Frame(np.zeros((700, 1000, 3), np.uint8), i, i / 30)

    def detect(image, square):
        masked = image.shape[0] == SIZE and (image == GREY[0]).any()
        return people() if masked else people(*poses[now["frame"]])

    return frames, detect


def test_someone_out_of_the_picture_for_a_second_comes_back_under_the_same_number():
    """Out on the left, and in again smaller, while the other comes to where the first was last seen."""
    poses = []
    for i in range(90):
        walker = [standing(150)] if i < 30 else [standing(60, 320, 0.8)] if i >= 60 else []
        poses.append([*walker, standing(450 - 5 * min(i, 60))])
    frames, detect = told(poses)
    tracks = follow(frames(1), detect, seen_by(frames(5), detect, 1000))
    np.testing.assert_array_equal(np.flatnonzero(~tracks.found[0]), np.arange(30, 60))
    assert tracks.found[1].all()
    hips = tracks.keypoints[:, :, 11:13, 0].mean(axis=2)
    np.testing.assert_allclose(hips[0, [0, 29, 60, 89]], [150, 150, 60, 60], atol=1)
    np.testing.assert_allclose(hips[1], 450 - 5 * np.arange(90).clip(0, 60), atol=1)


def test_a_larger_passer_by_takes_nobodys_place():
    """Two stand near one another; somebody larger passes through the square around them."""
    frames, detect = told([[standing(400), standing(500), standing(100 + 14 * i, 330, 1.8)] for i in range(60)])
    crowd = look_over(frames(5), detect, 1000)
    choice = choose_people(crowd)
    tracks = follow(frames(1), detect, survey(crowd, choice), others=choice.others)
    assert tracks.found.all()
    hips = tracks.keypoints[:, :, 11:13, 0].mean(axis=2)
    np.testing.assert_allclose(hips, np.repeat([[400], [500]], 60, axis=1), atol=1)
