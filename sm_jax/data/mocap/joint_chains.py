"""Which joint of a rig is which landmark, by the shape of the hierarchy alone: chains, their lengths and their pairs.

Legs and arms are pairs of equally long branches, the legs' nearer to the root. A limb's two longest neighbouring bones
are its upper and lower part. Feet tell which way the figure faces, and so which side is left.
"""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

_SHORT = 0.01  # of the figure's size: bones below join two joints in one place
_ALIKE = 0.15  # of the longer one: how far the lengths of a pair's branches may differ


def ancestors(parents: Sequence[int], joint: int) -> list[int]:
    """A joint's parent, grandparent, ... up to the root."""
    found = []
    while (joint := parents[joint]) >= 0:
        found.append(joint)
    return found


def common_ancestor(parents: Sequence[int], a: int, b: int) -> int:
    """The joint nearest to both that moves both."""
    above = [b, *ancestors(parents, b)]
    return next(joint for joint in (a, *ancestors(parents, a)) if joint in above)


def find(parents: Sequence[int], points: np.ndarray, known: Mapping[str, int]) -> dict[str, int]:
    """Landmark -> joint for landmarks that are not known, as far as the hierarchy tells.

    points: [N, 3] positions in a pose in which the figure stands. Pelvis and chest are where legs and arms meet.
    """
    tree = _Tree(parents, points)
    found = dict(known)
    add = lambda landmark, joint: found.setdefault(landmark, joint) if joint is not None else None  # noqa: E731
    if any(f"{side}_{name}" not in found for side in ("left", "right") for name in
           ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")):  # fmt: skip
        for landmark, joint in _limbs(tree).items():
            add(landmark, joint)
    for landmark, limb in (("pelvis", "hip"), ("chest", "shoulder")):
        if f"left_{limb}" in found and f"right_{limb}" in found:
            add(landmark, common_ancestor(parents, found[f"left_{limb}"], found[f"right_{limb}"]))
    if "chest" in found:
        for landmark, joint in _head(tree, found).items():
            add(landmark, joint)
    for side in ("left", "right"):
        if f"{side}_ankle" in found:
            roots = found.get(f"{side}_foot")
            tip = tree.tip(found[f"{side}_ankle"] if roots is None else roots)
            add(f"{side}_toe", roots if tip is None else tip)
        if f"{side}_wrist" in found:
            add(f"{side}_hand", tree.beyond(found[f"{side}_wrist"]))
    return {landmark: joint for landmark, joint in found.items() if landmark not in known}


class _Tree:
    """A hierarchy with the length [N] of each joint's bone from its parent and of the longest way [N] below it."""

    def __init__(self, parents: Sequence[int], points: np.ndarray):
        self.parents, self.points = parents, points
        self.size = float(np.ptp(points, axis=0).max())
        self.children: list[list[int]] = [[] for _ in parents]
        self.length, self.below = np.zeros(len(parents)), np.zeros(len(parents))
        for joint, parent in enumerate(parents):
            if parent >= 0:
                self.children[parent].append(joint)
                self.length[joint] = np.linalg.norm(points[joint] - points[parent])
        for joint in reversed(range(len(parents))):
            self.below[joint] = max((self.length[c] + self.below[c] for c in self.children[joint]), default=0.0)

    def way(self, joint: int) -> float:
        """Length from the joint's parent through it to its farthest end."""
        return float(self.length[joint] + self.below[joint])

    def chain(self, joint: int) -> list[int]:
        """From a joint to its farthest end; joints in one place count once, by the last of them."""
        chain = [joint]
        while self.children[chain[-1]]:
            following = max(self.children[chain[-1]], key=self.way)
            if self.length[following] < _SHORT * self.size:
                chain.pop()
            chain.append(following)
        return chain

    def tip(self, joint: int) -> int | None:
        """The farthest end beyond a joint, None where there is nothing."""
        end = self.chain(joint)[-1]
        return None if np.linalg.norm(self.points[end] - self.points[joint]) < _SHORT * self.size else end

    def beyond(self, joint: int) -> int | None:
        """The next joint on the way to the farthest end, None where there is nothing."""
        chain = [end for end in self.chain(joint)
                 if np.linalg.norm(self.points[end] - self.points[joint]) > _SHORT * self.size]  # fmt: skip
        return chain[0] if chain else None


def _limbs(tree: _Tree) -> dict[str, int]:
    """Joints of legs and arms, if both pairs are there."""
    pairs = []
    for joint, children in enumerate(tree.children):
        long = sorted((c for c in children if tree.way(c) > 0.25 * tree.size), key=tree.way)
        alike = [(a, b) for a, b in itertools.pairwise(long) if _alike(tree, a, b)]
        if alike:
            pairs.append((len(ancestors(tree.parents, joint)), alike))
    pairs.sort(key=lambda pair: pair[0])
    if len(pairs) < 2:
        return {}
    legs, arms = ([_upper_and_lower(tree, joint) for joint in min(pair[1], key=lambda p: _lopsided(tree, p))]
                  for pair in pairs[:2])  # fmt: skip
    if any(len(limb) < 4 for limb in (*legs, *arms)):
        return {}
    centre = lambda limbs: np.mean([tree.points[limb[0]] for limb in limbs], axis=0)  # noqa: E731
    up = centre(arms) - centre(legs)
    forward = np.sum([tree.points[limb[3]] - tree.points[limb[2]] for limb in legs], axis=0)
    left = np.cross(up, forward)
    found = {}
    for limbs, names in ((legs, ("hip", "knee", "ankle", "foot")), (arms, ("shoulder", "elbow", "wrist"))):
        for side, limb in zip(("right", "left"), sorted(limbs, key=lambda x: left @ tree.points[x[0]]), strict=True):
            # The last of a leg's four is toes only if something follows; else it is the foot's end.
            joints = limb if len(limb) > 4 else limb[:3]
            found |= {f"{side}_{name}": joint for name, joint in zip(names, joints, strict=False)}
    return found


def _alike(tree: _Tree, a: int, b: int) -> bool:
    """Whether two branches can be left and right: as many joints to their ends, nearly the same length."""
    longer = max(tree.way(a), tree.way(b))
    return len(tree.chain(a)) == len(tree.chain(b)) and _lopsided(tree, (a, b)) < _ALIKE * longer


def _lopsided(tree: _Tree, pair: tuple[int, int]) -> float:
    return abs(tree.way(pair[0]) - tree.way(pair[1]))


def _upper_and_lower(tree: _Tree, joint: int) -> list[int]:
    """A limb's chain from the start of its two longest neighbouring bones on; empty if it has no two."""
    chain = tree.chain(joint)
    bones = [float(np.linalg.norm(tree.points[b] - tree.points[a])) for a, b in itertools.pairwise(chain)]
    if len(bones) < 2:
        return []
    start = max(range(len(bones) - 1), key=lambda k: bones[k] + bones[k + 1])
    return chain[start:]


def _head(tree: _Tree, found: Mapping[str, int]) -> dict[str, int]:
    """Neck and head: the chain from the chest that carries no arm."""
    arms = [found[f"{side}_shoulder"] for side in ("left", "right") if f"{side}_shoulder" in found]
    with_arms = {joint for arm in arms for joint in (arm, *ancestors(tree.parents, arm))}
    free = [child for child in tree.children[found["chest"]] if child not in with_arms]
    if not free:
        return {}
    chain = tree.chain(max(free, key=tree.way))
    joints = [joint for joint in chain if tree.children[joint]]
    if not joints:
        return {}
    # A neck without a head (pirouette.bvh of three.js): its end stands for the head.
    headless = len(joints) == 1 or joints[-1] == found.get("neck")
    return {"neck": joints[0], "head": chain[-1] if headless else joints[-1]}
