import numpy as np
import pytest

from sm_jax.data.mocap import joint_chains, joint_names
from sm_jax.data.mocap.joint_chains import Tree
from sm_jax.data.mocap.joint_search import find_limbs
from tests.data.rigs import CONVENTIONS, UNNAMED, rig

PARENTS = (-1, 0, 1, 1, 3)


def test_common_ancestors():
    assert joint_chains.ancestors(PARENTS, 4) == [3, 1, 0]
    assert joint_chains.common_ancestor(PARENTS, 2, 4) == 1
    assert joint_chains.common_ancestor(PARENTS, 3, 4) == 3


def test_joints_that_stay_together_are_one_place():
    #       0 - 1 - 2 (in 1's place) - 3, and 4 that leaves 3's place in the second frame
    points = np.array([[[0, 0, 0], [0, 1, 0], [0, 1, 0], [0, 2, 0], [0, 2, 0]],
                       [[5, 0, 0], [5, 1, 0], [5, 1, 0], [5, 2, 0], [5, 2, 1]]], float)  # fmt: skip
    tree = Tree((-1, 0, 1, 2, 3), points)
    assert tree.place == [0, 1, 1, 3, 4]
    assert tree.places_below(1) == [3] and tree.way_up(4) == [4, 3, 1, 0] and tree.subtree(1) == [1, 3, 4]
    assert tree.mover(1, (3,)) == 2 and tree.tip(1) == 4 and tree.beyond(1, 4) == 3
    assert tree.span(0, 1) == 1.0 and tree.nearest(3, 4) == 0.0


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
    found = find_limbs(Tree(parents, points[order]), {}, {}).joints
    for landmark in ("left_hip", "right_knee", "left_elbow"):
        assert names[order[found[landmark]]] == called[landmark]


def test_pelvis_and_chest_are_where_limbs_meet():
    names, parents, points, called = rig(CONVENTIONS["mixamo"])
    found = joint_names.guess(names, parents, points)
    assert found.joints["chest"] == called["chest"] and found.joints["pelvis"] == called["pelvis"]
    assert found.how["chest"] == "hierarchy" and found.how["left_hip"] == "name"


@pytest.mark.parametrize("cut", ["left_hip", "right_collar"])
def test_a_figure_with_one_limb_less_is_not_guessed(cut):
    names, parents, points, called = rig(UNNAMED)
    gone = names.index(called[cut])
    keep = [j for j in range(len(names)) if j != gone and gone not in joint_chains.ancestors(parents, j)]
    parents = [keep.index(parents[j]) if parents[j] >= 0 else -1 for j in keep]
    assert find_limbs(Tree(parents, points[keep]), {}, {}).joints == {}


def test_a_neck_without_a_head_ends_in_it():
    names, parents, points, _ = rig(CONVENTIONS["daz"])
    gone, end = names.index("head"), names.index("head_end")
    names[end], parents[end] = "neck_end", parents[gone]
    keep = [j for j in range(len(names)) if j != gone]
    parents = [keep.index(parents[j]) if parents[j] >= 0 else -1 for j in keep]
    found = joint_names.guess([names[j] for j in keep], parents, points[keep])
    assert (found.joints["neck"], found.joints["head"]) == ("neck", "neck_end")
