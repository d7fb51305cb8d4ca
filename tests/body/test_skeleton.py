import pytest

from sm_jax.body import skeleton


def test_levels_are_consecutive_joints_whose_parents_are_one_level_up():
    assert sum(skeleton.LEVELS, ()) == tuple(range(24))
    for above, level in zip(skeleton.LEVELS[:-1], skeleton.LEVELS[1:], strict=True):
        assert {skeleton.PARENTS[joint] for joint in level} <= set(above)


@pytest.mark.parametrize("names", [skeleton.JOINTS, skeleton.KEYPOINTS, skeleton.SIDED_REGIONS])
def test_mirroring_twice_changes_nothing(names):
    mirror = skeleton.mirror_permutation(names)
    assert tuple(mirror[i] for i in mirror) == tuple(range(len(names)))
    assert any(i != j for i, j in enumerate(mirror))
