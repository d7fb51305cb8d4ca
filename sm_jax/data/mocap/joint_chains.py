"""A rig's hierarchy in space: bones, the places where joints lie, and the joints that branches share."""

from collections.abc import Iterable, Sequence

import numpy as np

_TOGETHER = 0.005  # of the rig's size: joints nearer to each other lie in one place
_RIGID = 0.1  # how far a bone's length may vary; what varies more carries a traveller, not a limb


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


class Tree:
    """A hierarchy of N joints, parents first, and where they were in T frames.

    parents: index of each joint's parent, -1 at the root.  points: [T, N, 3] or [N, 3].  children: of each joint.
    length: [N] of the bone from the parent, a median over the frames.  depth: [N] length of the way from the root.
    below: [N] length of the longest way down.  size: about a person's stature, from how far most joints are apart.
    place: [N] of joints that always lie together, the first; a place bears its number.  order: [N] number of places
    above.
    """

    def __init__(self, parents: Sequence[int], points: np.ndarray):
        self.parents = list(parents)
        self.points = points if points.ndim == 3 else points[None]
        self.children: list[list[int]] = [[] for _ in parents]
        for joint, parent in enumerate(parents):
            if parent >= 0:
                self.children[parent].append(joint)
        above = [max(parent, 0) for parent in parents]
        lengths = np.linalg.norm(self.points - self.points[:, above], axis=-1)
        self.length = np.median(lengths, axis=0)
        rigid = np.where(np.ptp(lengths, axis=0) <= _RIGID * self.length, self.length, 0.0)
        self.depth, self.below = np.zeros(len(parents)), np.zeros(len(parents))
        for joint, parent in enumerate(parents):
            self.depth[joint] = 0.0 if parent < 0 else self.depth[parent] + rigid[joint]
        for joint in reversed(range(len(parents))):
            self.below[joint] = max((rigid[child] + self.below[child] for child in self.children[joint]), default=0.0)
        spread = np.linalg.norm(self.points - np.median(self.points, axis=1, keepdims=True), axis=-1)
        self.size = 3.0 * float(np.median(spread))
        self.place = list(range(len(parents)))
        for joint, parent in enumerate(parents):
            if parent >= 0 and lengths[:, joint].max() < _TOGETHER * self.size:
                self.place[joint] = self.place[parent]
        self._below: list[list[int]] = [[] for _ in parents]
        self.order = np.zeros(len(parents), int)
        for joint, parent in enumerate(parents):
            if parent >= 0 and self.place[joint] == joint:
                self._below[self.place[parent]].append(joint)
            self.order[joint] = 0 if parent < 0 else self.order[parent] + (self.place[joint] == joint)
        self._between: dict[tuple[int, int], tuple[float, float]] = {}

    def places_below(self, place: int) -> list[int]:
        """The places whose joints hang on a place's."""
        return self._below[place]

    def span(self, a: int, b: int) -> float:
        """Distance of two joints, a median over the frames."""
        return self._distances(a, b)[0]

    def nearest(self, a: int, b: int) -> float:
        """Distance of two joints where it is smallest."""
        return self._distances(a, b)[1]

    def _distances(self, a: int, b: int) -> tuple[float, float]:
        if (a, b) not in self._between:
            distance = np.linalg.norm(self.points[:, a] - self.points[:, b], axis=-1)
            self._between[a, b] = float(np.median(distance)), float(distance.min())
        return self._between[a, b]

    def place_above(self, place: int) -> int | None:
        """The place that a place hangs on, None at the root."""
        parent = self.parents[place]
        return None if parent < 0 else self.place[parent]

    def way_up(self, place: int) -> list[int]:
        """A place and those that it hangs on, up to the root's."""
        way: list[int] = [place]
        while (above := self.place_above(way[-1])) is not None:
            way.append(above)
        return way

    def subtree(self, place: int) -> list[int]:
        """A place and all that hang on it."""
        found = [place]
        for one in found:
            found.extend(self.places_below(one))
        return found

    def tip(self, joint: int) -> int | None:
        """The end of the longest way beyond a joint, None where there is nothing beyond its place."""
        end = joint
        while self.children[end]:
            end = max(self.children[end], key=lambda child: self.length[child] + self.below[child])
        return None if self.place[end] == self.place[joint] else end

    def beyond(self, joint: int, tip: int) -> int:
        """The first joint of another place on the way from a joint to an end below it."""
        way = [tip, *ancestors(self.parents, tip)]
        return next(one for one in reversed(way[: way.index(joint)]) if self.place[one] != self.place[joint])

    def mover(self, place: int, towards: Iterable[int]) -> int:
        """Of the joints in one place, the one that moves what lies beyond as one piece.

        towards: joints below. It is the last joint that all of the longer branches below share.
        """
        joint = place
        wanted = [one for one in towards if self.place[one] != place]
        while True:
            following = [child for child in self.children[joint] if self.length[child] + self.below[child] > 0]
            inside = [child for child in following if self.place[child] == place]
            if len(following) != 1 or not inside or not all(inside[0] in self._way(one) for one in wanted):
                return joint
            joint = inside[0]

    def _way(self, joint: int) -> list[int]:
        return [joint, *ancestors(self.parents, joint)]
