import numpy as np

from sm_jax.perception.detector import MIN_SCORE, Square, decode, extract, whole


def test_extract_reaches_beyond_the_border():
    image = np.full((40, 60, 3), 200, np.uint8)
    part = extract(image, Square(-20.0, -20.0, 40.0), 40)
    assert (part[20:, 20:] == 200).all() and (part[:20] == 0).all() and (part[:, :20] == 0).all()
    far = extract(image, Square(500.0, -300.0, 40.0), 40)
    assert far.shape == (40, 40, 3) and (far == 0).all()


def test_the_whole_picture_fits_and_shrinks_by_area():
    image = np.zeros((100, 200, 3), np.uint8)
    image[::2] = 100
    part = extract(image, whole(image), 100)
    assert part.shape == (100, 100, 3)
    assert (part[:50] == 50).all() and (part[50:] == 0).all()


def test_decode_puts_people_back_into_the_picture():
    output = np.zeros((6, 56), np.float32)
    output[:2, 55] = 0.9, MIN_SCORE - 0.01
    output[0, :51] = np.tile([0.25, 0.5, 0.7], 17)  # y, x, score
    output[0, 51:55] = 0.1, 0.2, 0.3, 0.4  # top, left, bottom, right
    people = decode(output, Square(100.0, -50.0, 200.0))
    assert people.scores.shape == (1,)
    np.testing.assert_allclose(people.keypoints[0], np.tile([200.0, 0.0], (17, 1)), rtol=1e-6)
    np.testing.assert_allclose(people.keypoint_scores[0], 0.7)
    np.testing.assert_allclose(people.boxes[0], [140, -30, 180, 10], rtol=1e-6)
