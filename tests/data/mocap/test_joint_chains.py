import numpy as np
import pytest

from sm_jax.data.mocap import joint_chains, joint_names
from tests.data.rigs import CONVENTIONS, UNNAMED, rig

PARENTS = (-1, 0, 1, 1, 3)


def test_common_ancestors():
    assert joint_chains.ancestors(PARENTS, 4) == [3, 1, 0]
    assert joint_chains.common_ancestor(PARENTS, 2, 4) == 1
    assert joint_chains.common_ancestor(PARENTS, 3, 4) == 3


def test_limbs_are_found_behind_joints_in_one_place():
    """CMU's conversion puts a joint of no length before each limb."""
    names, parents, points, called = rig(UNNAMED)
    for key, parent in (("left_hip", "pelvis"), ("right_hip", "pelvis")):
        names.append(f"dummy_{key}")
        parents.append(names.index(called[parent]))
        points = np.concatenate([points, points[parents[-1]][None]])
        parents[names.index(called[key])] = len(names) - 1
    order = sorted(range(len(names)), key=lambda j: len(joint_chains.ancestors(parents, j)))
    parents = [order.index(parents[j]) if parents[j] >= 0 else -1 for j in order]
    found = joint_chains.find(parents, points[order], {})
    for landmark in ("left_hip", "right_knee", "left_elbow"):
        assert names[order[found[landmark]]] == called[landmark]


def test_known_joints_stay_and_the_rest_follows_them():
    names, parents, points, called = rig(CONVENTIONS["mixamo"])
    known = {key: names.index(called[key]) for key in ("left_shoulder", "right_shoulder", "left_hip", "right_hip")}
    found = joint_chains.find(parents, points, known)
    assert not set(known) & set(found)
    assert names[found["chest"]] == called["chest"] and names[found["pelvis"]] == called["pelvis"]


@pytest.mark.parametrize("cut", ["left_hip", "right_collar"])
def test_a_figure_with_one_limb_less_is_not_guessed(cut):
    names, parents, points, called = rig(UNNAMED)
    gone = names.index(called[cut])
    keep = [j for j in range(len(names)) if j != gone and gone not in joint_chains.ancestors(parents, j)]
    parents = [keep.index(parents[j]) if parents[j] >= 0 else -1 for j in keep]
    assert joint_chains.find(parents, points[keep], {}) == {}


def test_a_neck_without_a_head_ends_in_it():
    names, parents, points, _ = rig(CONVENTIONS["daz"])
    gone, end = names.index("head"), names.index("head_end")
    names[end], parents[end] = "neck_end", parents[gone]
    keep = [j for j in range(len(names)) if j != gone]
    parents = [keep.index(parents[j]) if parents[j] >= 0 else -1 for j in keep]
    found = joint_names.guess([names[j] for j in keep], parents, points[keep])
    assert (found.joints["neck"], found.joints["head"]) == ("neck", "neck_end")
