import numpy as np

from sm_jax.perception import crops
from tests.perception.people import standing


def test_a_region_is_upright_centred_and_holds_the_person():
    angle = 0.6
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    keypoints = (standing(0, 0) @ turn.T + [500, 400]).astype(np.float32)
    affine = crops.region(keypoints, np.ones(17))
    inside = crops.apply(affine, keypoints)
    np.testing.assert_allclose(inside[11:13].mean(axis=0), [128, 128], atol=1e-3)
    assert abs(inside[5:7].mean(axis=0)[0] - 128) < 1e-3 and inside[5, 1] < 128
    assert inside.min() > 0 and inside.max() < crops.SIZE
    np.testing.assert_allclose(crops.apply(crops.invert(affine), inside), keypoints, atol=1e-3)


def test_uncertain_keypoints_do_not_widen_the_region():
    keypoints, scores = standing(300), np.ones(17)
    narrow = crops.region(keypoints, scores)
    keypoints = keypoints.copy()
    keypoints[9], scores[9] = [5000, 5000], 0.1
    np.testing.assert_allclose(crops.region(keypoints, scores), narrow)


def test_the_other_is_masked_and_who_stands_in_front_is_not():
    image = np.full((600, 800, 3), 255, np.uint8)
    own, other = standing(300), standing(345)
    affine = crops.region(own, np.ones(17))

    def grey(point, in_front):
        x, y = crops.apply(affine, np.asarray(point, float)[None])[0].round().astype(int)
        return abs(crops.crop(image, affine, own, other, in_front)[y, x].mean() - 128 / 255) < 1e-3

    assert grey(other[0], True) and grey(other[0], False)  # the other's head
    assert not grey(own[0], True) and not grey(own[0], False)
    overlap = own[7] * 0.5 + own[9] * 0.5  # one's own left forearm, before the other's trunk
    assert grey(overlap, False) and not grey(overlap, True)
