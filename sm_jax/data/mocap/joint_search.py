"""Which joints of a rig are legs, arms and head, by shape and motion alone, and how sure that is.

Legs and arms are pairs of branches of equal bones that leave the trunk at two places. Each way to choose two pairs, and
hip, knee, ankle, shoulder, elbow and wrist along them, has a cost in nats: half the squares of how many deviations its
proportions are from people's, and what odd things it asks for. Left is where feet, knees and hands say it is. The
probability of all choices that have a landmark in one place is the confidence in it.

Proportions are means and deviations of logarithms. They cover adults and the rigs of common programs, whose joints lie
a few centimetres off anatomy and whose spines and collars are cut up in many ways.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from sm_jax.data.mocap.joint_chains import Tree, common_ancestor

LEG, ARM = ("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist")
_UPPER_OVER_LOWER = {"leg": (0.98, 0.18), "arm": (1.15, 0.22)}
_ARM_OVER_LEG = (0.64, 0.16)
# Of the leg's length. The head is as far from between the shoulders.
_HIPS_APART, _SHOULDERS_APART, _TRUNK, _HEAD = (0.21, 0.40), (0.42, 0.25), (0.60, 0.25), (0.19, 0.35)
_OF_WAY = (0.82, 0.20)  # leg, trunk and arm, of the longest way from a foot's end to a hand's
_UNLIKE, _NO_PAIR = 0.08, 0.3  # logarithm of left over right: its deviation, and where it is no pair
_UNEQUAL = 3.0  # another number of joints on one side
_RATIO, _LEAST = 0.9, 0.1  # logarithm of upper over lower, and length of the rig's size, beyond which it is no limb
_SKIPPED, _SKIPPED_STIFF, _SKIPPED_BENDING = 2.3, 0.3, 4.0  # a joint within a bone; one that never bends, one that does
_SKIPPED_BRANCHING = 4.0  # more: a hand with its fingers is no joint within a bone
_STIFF = 3.0  # a knee or an elbow that never bends though others do
_BENDS, _STILL = np.deg2rad(20.0), np.deg2rad(3.0)
_STRAIGHT = 0.97  # a bone of several pieces is at least as long, of their sum
_NOTHING_BEYOND, _NO_HEAD = 1.5, 6.0
_OTHERWISE_NAMED = 5.0
_IMPLAUSIBLE = 16.0  # a cost at which this is no person
_KEPT = 60  # choices that are looked at more closely
_OPPOSED = 8.0  # arms whose sides are not the legs', were hips and shoulders always parallel
_FOOT, _KNEE, _HAND = (40.0, 6.0), (20.0, 6.0), (4.0, 1.0)  # which side is left: nats a unit, and at most
# Of a head: an end site, a joint without others, one with several, one before another that may be it, one aside by a
# leg's length, one behind a branching, one that never turns
_END, _LEAF, _BRANCHING, _NECK, _ASIDE, _IN_THE_HEAD, _STILL_HEAD = 3.0, 1.5, -1.5, 2.5, 40.0, 4.0, 1.5
_HEAD_TOO = 2.0

Kind = Literal["leg", "arm"]
Limb = tuple[int, int, int]
"""Places of hip, knee and ankle, or of shoulder, elbow and wrist."""


class FoundJoints(NamedTuple):
    """joints: landmark -> joint.  confidence: landmark -> probability.  rivals: landmark -> the next best joint, None
    where it is another side or there is none."""

    joints: dict[str, int]
    confidence: dict[str, float]
    rivals: dict[str, int]


class Sides(NamedTuple):
    """Two legs and two arms, left before right, and the cost of it all."""

    legs: tuple[Limb, Limb]
    arms: tuple[Limb, Limb]
    cost: float

    def landmarks(self) -> dict[str, int]:
        """Landmark -> place."""
        return {
            f"{side}_{name}": place
            for limbs, names in ((self.legs, LEG), (self.arms, ARM))
            for side, limb in zip(("left", "right"), limbs, strict=True)
            for name, place in zip(names, limb, strict=True)
        }


class _Pair(NamedTuple):
    trunk: int
    limbs: tuple[Limb, Limb]
    cost: float


def find_limbs(tree: Tree, given: Mapping[str, int], named: Mapping[str, int]) -> FoundJoints:
    """Hips, knees, ankles, shoulders, elbows and wrists; nothing where there is no person.

    given: landmark -> joint, which must be.  named: landmark -> joint, which should be.
    """
    moving = _moving(tree)
    legs, arms = (_pairs(tree, kind, moving, given) for kind in ("leg", "arm"))
    people = [_person(tree, a, b) for a in legs for b in arms if _apart(tree, a, b)]
    people = sorted(people, key=lambda pair: pair[2])[:_KEPT]
    choices = [choice for legs, arms, cost in people for choice in _sided(tree, legs, arms, cost)]
    choices = [choice._replace(cost=choice.cost + _contradiction(tree, choice, given, named)) for choice in choices]
    least = min((choice.cost for choice in choices), default=np.inf)
    return _likeliest(tree, choices) if least < _IMPLAUSIBLE else FoundJoints({}, {}, {})


def equal_limbs(tree: Tree, a: Sequence[int], b: Sequence[int]) -> bool:
    """Whether two limbs, three joints each, are of bones that have a length, about the same on both sides."""
    bones = [[tree.span(*bone) for bone in itertools.pairwise(limb)] for limb in (a, b)]
    if min(*bones[0], *bones[1]) <= 0.02 * tree.size:
        return False
    return all(abs(np.log(x / y)) < _NO_PAIR for x, y in zip(*bones, strict=True))


def find_head(tree: Tree, limbs: Mapping[str, int], ends: Iterable[int], neck: int | None) -> FoundJoints:
    """The head, among what hangs on the place where the arms meet.

    limbs: landmark -> joint of legs and shoulders.  ends: joints that are end sites.  neck: if it is known.
    """
    shoulders = limbs["left_shoulder"], limbs["right_shoulder"]
    hips = limbs["left_hip"], limbs["right_hip"]
    free = _free(tree, tree.place[common_ancestor(tree.parents, *shoulders)], (*hips, *shoulders))
    centre = tree.points[:, shoulders].mean(axis=1)
    across = _unit(tree.points[:, shoulders[0]] - tree.points[:, shoulders[1]])
    leg, moving = _leg_length(tree, limbs), _moving(tree)
    rises = {place: _rise(tree.points[:, place] - centre, across) / leg for place in free}
    costs = {}
    for place, (along, aside) in rises.items():
        below = tree.places_below(place)
        costs[place] = _off(along, _HEAD) + _ASIDE * max(0.0, aside - 0.04)
        if any(len(tree.places_below(above)) > 1 for above in tree.way_up(place)[1:] if above in rises):
            costs[place] += _IN_THE_HEAD  # what branches above is the head already
        elif len(below) > 1:
            costs[place] += _BRANCHING
        elif any(tree.places_below(one) and _off(float(rises[one][0]), _HEAD) < _HEAD_TOO for one in below):
            costs[place] += _NECK
        costs[place] += _END if place in ends else _LEAF if not below else 0.0
        if moving and below and np.ptp(_bend(tree, tree.place_above(place) or 0, place, below[0])) < _STILL / 3:
            costs[place] += _STILL_HEAD
    costs = {place: cost for place, cost in costs.items() if neck is None or tree.place[neck] != place}
    if not costs or min(costs.values()) > _IMPLAUSIBLE:
        return FoundJoints({}, {}, {})
    odds = {place: float(np.exp(-cost)) for place, cost in costs.items()}
    best, *others = sorted(odds, key=lambda place: -odds[place])
    rival = {"head": others[0]} if others else {}
    return FoundJoints({"head": best}, {"head": odds[best] / sum(odds.values())}, rival)


def _rise(offset: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Of offsets [T, 3], the median length but for what is across, and the median of that."""
    aside = (offset * across).sum(-1)
    return np.array([np.median(np.sqrt(np.maximum((offset**2).sum(-1) - aside**2, 0.0))), abs(np.median(aside))])


def _off(value: float, expected: tuple[float, float]) -> float:
    """Cost of a ratio: half the square of its deviations."""
    mean, deviation = expected
    return 0.5 * (float(np.log(max(value, 1e-3) / mean)) / deviation) ** 2


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _leg_length(tree: Tree, limbs: Mapping[str, int]) -> float:
    """Of hips to ankles, the mean of both sides."""
    bones = [(f"{side}_{a}", f"{side}_{b}") for side in ("left", "right") for a, b in itertools.pairwise(LEG)]
    return 0.5 * sum(tree.span(limbs[a], limbs[b]) for a, b in bones)


def _free(tree: Tree, chest: int, limbs: Iterable[int]) -> list[int]:
    """Places that hang on the chest's and carry no limb."""
    carrying = {place for joint in limbs for place in tree.way_up(tree.place[joint])}
    return [place for child in tree.places_below(chest) if child not in carrying for place in tree.subtree(child)]


def _bend(tree: Tree, a: int, b: int, c: int) -> np.ndarray:
    """[T] angle at b by which the way from a to c is not straight."""
    first, second = _unit(tree.points[:, b] - tree.points[:, a]), _unit(tree.points[:, c] - tree.points[:, b])
    return np.arccos(np.clip((first * second).sum(-1), -1.0, 1.0))


def _moving(tree: Tree) -> bool:
    """Whether some joint bends so much in the frames that others' not bending means something."""
    for place in sorted(set(tree.place)):
        above, below = tree.place_above(place), tree.places_below(place)
        if above is not None and any(np.ptp(_bend(tree, above, place, child)) > _BENDS for child in below):
            return True
    return False


def _pairs(tree: Tree, kind: Kind, moving: bool, given: Mapping[str, int]) -> list[_Pair]:
    """Pairs of limbs of equal bones, the likeliest ones."""
    names = LEG if kind == "leg" else ARM
    both = [[given.get(f"{side}_{name}") for name in names] for side in ("left", "right")]
    if all(joint is not None for limb in both for joint in limb):  # said by the user: however odd, it is so
        a, b = (tuple(tree.place[joint] for joint in limb if joint is not None) for limb in both)
        trunk = tree.place[common_ancestor(tree.parents, a[0], b[0])]
        return [_Pair(trunk, ((a[0], a[1], a[2]), (b[0], b[1], b[2])), 0.0)]
    must = {tree.place[joint] for landmark, joint in given.items() if landmark.split("_")[-1] in names}
    found = []
    for trunk in sorted(set(tree.place)):
        branches = [_limbs(tree, branch, kind, moving) for branch in tree.places_below(trunk)]
        for one, other in itertools.combinations(branches, 2):
            for (a, cost_a), (b, cost_b) in itertools.product(one, other):
                unlike = _unlike(tree, trunk, a, b)
                if unlike < np.inf and must <= {*a, *b}:
                    found.append(_Pair(trunk, (a, b), 0.5 * (cost_a + cost_b) + unlike))
    return sorted(found, key=lambda pair: pair.cost)[:_KEPT]


def _limbs(tree: Tree, branch: int, kind: Kind, moving: bool) -> list[tuple[Limb, float]]:
    """Ways to take three places of a branch for a limb, each with its cost."""
    found = []
    for end in tree.subtree(branch):
        way = tree.way_up(end)
        way = way[: way.index(branch) + 1]
        for middle in way[1:]:
            lower = tree.span(middle, end)
            for top in way[way.index(middle) + 1 :]:
                upper = tree.span(top, middle)
                if (
                    upper + lower > _LEAST * tree.size
                    and lower > 0
                    and abs(np.log(max(upper, 1e-9) / lower)) < _RATIO
                    and _in_one(tree, top, middle)
                    and _in_one(tree, middle, end)
                ):
                    found.append(((top, middle, end), _oddity(tree, (top, middle, end), upper / lower, kind, moving)))
    return sorted(found, key=lambda limb: limb[1])[:_KEPT]


def _in_one(tree: Tree, top: int, bottom: int) -> bool:
    """Whether two places are the ends of one straight bone."""
    way = tree.depth[bottom] - tree.depth[top]
    return tree.nearest(top, bottom) >= _STRAIGHT * way


def _oddity(tree: Tree, limb: Limb, ratio: float, kind: Kind, moving: bool) -> float:
    """Cost of one limb by itself."""
    top, middle, end = limb
    cost = _off(ratio, _UPPER_OVER_LOWER[kind])
    if moving and np.ptp(_bend(tree, top, middle, end)) < _STILL:
        cost += _STIFF
    if not tree.places_below(end):
        cost += _NOTHING_BEYOND
    for a, b in ((top, middle), (middle, end)):
        between = tree.way_up(b)
        between = between[1 : between.index(a)]
        for place in between:
            bends = np.ptp(_bend(tree, a, place, b)) > _STILL
            cost += _SKIPPED if not moving else _SKIPPED_BENDING if bends else _SKIPPED_STIFF
            cost += _SKIPPED_BRANCHING if len(tree.places_below(place)) > 1 else 0.0
    return cost


def _unlike(tree: Tree, trunk: int, a: Limb, b: Limb) -> float:
    """Cost of two limbs' different bones, infinite where they are no pair."""
    bones = [[tree.span(*bone) for bone in itertools.pairwise(limb)] for limb in (a, b)]
    ratios = np.abs([np.log(x / y) for x, y in zip(*bones, strict=True)])
    reach = abs(tree.span(trunk, a[0]) - tree.span(trunk, b[0]))
    if ratios.max() > _NO_PAIR or reach > 0.15 * sum(bones[0]):
        return np.inf
    cost = 0.5 * float(((ratios / _UNLIKE) ** 2).sum()) + 0.5 * (reach / (0.05 * sum(bones[0]))) ** 2
    return (
        cost
        + _UNEQUAL * (tree.order[a[0]] - tree.order[a[2]] != tree.order[b[0]] - tree.order[b[2]])
        + (_UNEQUAL * (tree.order[a[0]] != tree.order[b[0]]))
    )


def _apart(tree: Tree, legs: _Pair, arms: _Pair) -> bool:
    """Whether two pairs leave the trunk at two places, and neither hangs on a limb of the other."""
    tops = [limb[0] for limb in (*legs.limbs, *arms.limbs)]
    return legs.trunk != arms.trunk and not any(
        a in tree.way_up(b) for a, b in itertools.permutations(tops, 2)
    )  # fmt: skip


def _person(tree: Tree, legs: _Pair, arms: _Pair) -> tuple[_Pair, _Pair, float]:
    """Two pairs with the cost of being one person's."""
    leg, arm = (
        0.5 * sum(tree.span(*bone) for limb in pair.limbs for bone in itertools.pairwise(limb)) for pair in (legs, arms)
    )
    middles = [tree.points[:, [limb[0] for limb in pair.limbs]].mean(axis=1) for pair in (legs, arms)]
    trunk = float(np.median(np.linalg.norm(middles[0] - middles[1], axis=-1)))
    hips, shoulders = (tree.span(pair.limbs[0][0], pair.limbs[1][0]) for pair in (legs, arms))
    cost = legs.cost + arms.cost
    cost += _off(arm / leg, _ARM_OVER_LEG) + _off(hips / leg, _HIPS_APART) + _off(shoulders / leg, _SHOULDERS_APART)
    cost += _off(trunk / leg, _TRUNK)
    ways = trunk + sum(min(float(tree.below[limb[0]]) for limb in pair.limbs) for pair in (legs, arms))
    cost += _off((leg + trunk + arm) / ways, _OF_WAY)
    free = _free(tree, arms.trunk, [limb[0] for limb in (*legs.limbs, *arms.limbs)])
    rises = [float(np.median(np.linalg.norm(tree.points[:, place] - middles[1], axis=-1))) / leg for place in free]
    return legs, arms, cost + min((_off(rise, _HEAD) for rise in rises), default=_NO_HEAD)


def _sided(tree: Tree, legs: _Pair, arms: _Pair, cost: float) -> list[Sides]:
    """The four ways to call sides left and right."""
    hips = tree.points[:, legs.limbs[0][0]] - tree.points[:, legs.limbs[1][0]]
    shoulders = tree.points[:, arms.limbs[0][0]] - tree.points[:, arms.limbs[1][0]]
    alike = _OPPOSED * float((_unit(hips) * _unit(shoulders)).sum(-1).mean())
    first_is_left = _facing(tree, legs, arms if alike >= 0 else arms._replace(limbs=_swapped(arms.limbs)))
    return [
        Sides(
            legs.limbs if leg > 0 else _swapped(legs.limbs),
            arms.limbs if arm > 0 else _swapped(arms.limbs),
            cost + float(np.logaddexp(0.0, -leg * first_is_left)) + float(np.logaddexp(0.0, -leg * arm * alike)),
        )
        for leg, arm in itertools.product((1, -1), repeat=2)
    ]


def _swapped(limbs: tuple[Limb, Limb]) -> tuple[Limb, Limb]:
    return limbs[1], limbs[0]


def _facing(tree: Tree, legs: _Pair, arms: _Pair) -> float:
    """Nats for the first leg being the left one: toes point ahead of shins, shins fold back, hands are in front."""
    at = lambda place: tree.points[:, place]  # noqa: E731
    hips = at(legs.limbs[0][0]), at(legs.limbs[1][0])
    left = _unit(hips[0] - hips[1])
    up = _unit(0.5 * (at(arms.limbs[0][0]) + at(arms.limbs[1][0])) - 0.5 * (hips[0] + hips[1]))
    feet, knees, hands = [], [], []
    for hip, knee, ankle in legs.limbs:
        thigh, shin = at(hip) - at(knee), at(knee) - at(ankle)
        leg = tree.span(hip, knee) + tree.span(knee, ankle)
        ahead_of_shin, ahead_of_thigh = _unit(np.cross(left, shin)), _unit(np.cross(left, thigh))
        toes = [float(np.median(((at(place) - at(ankle)) * ahead_of_shin).sum(-1))) for place in tree.subtree(ankle)]
        feet.append(max(toes, key=abs) / leg)
        knees.append(float((_unit(shin) * ahead_of_thigh).sum(-1).mean()))
    for shoulder, elbow, wrist in arms.limbs:
        arm = tree.span(shoulder, elbow) + tree.span(elbow, wrist)
        hands.append(float(((at(wrist) - at(shoulder)) * _unit(np.cross(left, up))).sum(-1).mean()) / arm)
    nats = 0.0
    for (rate, most), values in ((_FOOT, feet), (_KNEE, knees), (_HAND, hands)):
        nats += float(np.clip(rate * np.mean(values), -most, most))
    return nats


def _contradiction(tree: Tree, choice: Sides, given: Mapping[str, int], named: Mapping[str, int]) -> float:
    """Cost of joints that are said, or seem by their names, to be others."""
    places = choice.landmarks()
    differ = lambda known: sum(places[x] != tree.place[joint] for x, joint in known.items() if x in places)  # noqa: E731
    return np.inf if differ(given) else _OTHERWISE_NAMED * differ({x: j for x, j in named.items() if x not in given})


def _likeliest(tree: Tree, choices: Sequence[Sides]) -> FoundJoints:
    """The best choice, each landmark with its probability and the place that is next."""
    odds = np.exp(min(choice.cost for choice in choices) - np.array([choice.cost for choice in choices]))
    odds /= odds.sum()
    best = choices[int(odds.argmax())].landmarks()
    joints, confidence, rivals = {}, {}, {}
    for landmark, place in best.items():
        shares: dict[int, float] = {}
        for choice, share in zip(choices, odds, strict=True):
            at = choice.landmarks()[landmark]
            shares[at] = shares.get(at, 0.0) + float(share)
        confidence[landmark] = shares.pop(place)
        if shares:
            rivals[landmark] = max(shares, key=lambda other: shares[other])
        tip = tree.tip(place)
        joints[landmark] = tree.mover(place, () if tip is None else (tip,))
    return FoundJoints(joints, confidence, rivals)
