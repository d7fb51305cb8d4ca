"""Which two of all the people that a survey found: those near each other for longest, or those whom the user names."""

import dataclasses
import itertools

import numpy as np

from sm_jax.errors import UserError
from sm_jax.perception.association import Sighting, heights, near, spread, step_cost
from sm_jax.perception.detector import People

_TOGETHER = 0.2  # what a look with both in it is worth, beside one in which they are near each other
_GAP = 2.0  # seconds after which somebody who was out of sight counts as somebody else
_SAME_PERSON = 1.0  # cost of a step, see `step_cost`, up to which it is the same person's
_TWICE = 0.2  # of somebody's size between keypoints of one person who is seen twice
_OFTEN = 0.2  # share of the looks in which somebody was seen who has a number


@dataclasses.dataclass(frozen=True, eq=False)
class Crowd:
    """Everyone found in some looks at whole pictures. times: seconds.  index: frames of the source."""

    found: list[People]
    times: list[float]
    index: list[int]


@dataclasses.dataclass(frozen=True, eq=False)
class PersonTrack:
    """One person of a crowd in n looks: looks and slots [n] in the crowd's lists.  times: [n] seconds.
    keypoints: [n, 17, 2].  scores: [n]."""

    looks: np.ndarray
    slots: np.ndarray
    times: np.ndarray
    keypoints: np.ndarray
    scores: np.ndarray

    @property
    def places(self) -> np.ndarray:
        """Middle and size of the keypoints' box, [n, 3] pixels."""
        low, high = self.keypoints.min(axis=1), self.keypoints.max(axis=1)
        return np.column_stack([(low + high) / 2, [spread(one) for one in self.keypoints]])


@dataclasses.dataclass(frozen=True, eq=False)
class Choice:
    """people: everybody who has a number, from left to right; theirs count from 1.  pair: each a person, or a person's
    pieces; None where no two were ever seen in one look.  others: who are surely neither.  near: seconds in which the
    pair are near each other.
    """

    people: list[PersonTrack]
    pair: tuple[list[PersonTrack], list[PersonTrack]] | None
    others: list[PersonTrack]
    near: float


def choose_people(crowd: Crowd, named: str | None = None) -> Choice:
    """Who the clip is about. Nearness and contact count before size, but bystanders far behind for little.

    named: the user's choice: two numbers, each perhaps several pieces' joined by +, `1,2` or `1+4,2`. Raises UserError
    for numbers that nobody has.
    """
    everyone = _link(crowd)
    often = [person for person in everyone if len(person.looks) >= _OFTEN * len(crowd.found)]
    numbered = sorted(often, key=lambda person: float(np.median(person.places[:, 0])))
    if named is not None:
        pair = _named(named, numbered)
        chosen = [piece for pieces in pair for piece in pieces]
        others = [person for person in everyone if person not in chosen]
        return Choice(numbered, pair, others, 0.0)
    candidates = numbered if len(numbered) > 1 else everyone
    pairs = list(itertools.combinations(candidates, 2))
    unit = _reference(crowd)
    worth = [_interaction(a, b, unit) for a, b in pairs]
    if not worth or max(worth) == 0:
        return Choice(numbered, None, [], 0.0)
    a, b = pairs[int(np.argmax(worth))]
    both = np.intersect1d(a.looks, b.looks)
    others = [p for p in everyone if p is not a and p is not b and len(np.intersect1d(p.looks, both))]
    others = [p for p in others if not _on(p, a) and not _on(p, b)]
    step = float(np.median(np.diff(crowd.times))) if len(crowd.times) > 1 else 0.0
    return Choice(numbered, ([a], [b]), others, float(_near_looks(a, b).sum()) * step)


def only_the_pair(crowd: Crowd, choice: Choice) -> Crowd:
    """The crowd without those who are surely none of the pair: in looks that show both, everybody else; in the others,
    who was seen beside them elsewhere."""
    if choice.pair is None:
        return crowd
    seen = [{int(look): int(slot) for p in pieces for look, slot in zip(p.looks, p.slots, strict=True)}
            for pieces in choice.pair]  # fmt: skip
    strangers = {(int(look), int(slot)) for p in choice.others for look, slot in zip(p.looks, p.slots, strict=True)}
    found = []
    for look, people in enumerate(crowd.found):
        slots = [slots[look] for slots in seen if look in slots]
        if len(slots) < 2:
            slots = [slot for slot in range(len(people.scores)) if (look, slot) not in strangers]
        found.append(some_of(people, slots))
    return dataclasses.replace(crowd, found=found)


def some_of(people: People, slots: list[int]) -> People:
    """Some of the people, in that order."""
    rows = np.array(slots, int)
    return People(**{field.name: getattr(people, field.name)[rows] for field in dataclasses.fields(people)})


def _link(crowd: Crowd) -> list[PersonTrack]:
    """Everyone as one track, the surest continuations first; gaps of a short while are bridged."""
    tracks: list[list[tuple[int, int, Sighting]]] = []
    for look, (people, time) in enumerate(zip(crowd.found, crowd.times, strict=True)):
        now = [Sighting(k, s, time) for k, s in zip(people.keypoints, people.keypoint_scores, strict=True)]
        open_ = [track for track in tracks if time - track[-1][2].time <= _GAP]
        costs = np.array([[step_cost(track[-1][2], new) for track in open_] for new in now])
        costs = costs.reshape(len(now), len(open_))
        free = set(range(len(now)))
        while costs.size and costs.min() < _SAME_PERSON:
            i, k = (int(x) for x in np.unravel_index(costs.argmin(), costs.shape))
            open_[k].append((look, i, now[i]))
            free.discard(i)
            costs[i], costs[:, k] = np.inf, np.inf
        tracks += [[(look, i, now[i])] for i in sorted(free)]
    return [
        PersonTrack(
            looks=np.array([look for look, _, _ in track]),
            slots=np.array([slot for _, slot, _ in track]),
            times=np.array([one.time for _, _, one in track]),
            keypoints=np.stack([one.keypoints for _, _, one in track]),
            scores=np.array([crowd.found[look].scores[slot] for look, slot, _ in track]),
        )
        for track in tracks
    ]


def _reference(crowd: Crowd) -> float:
    """The size times score of somebody important: the median of the two largest in each look."""
    top = [np.sort(people.scores * heights(people))[-2:] for people in crowd.found if len(people.scores)]
    return max(float(np.median(np.concatenate(top))), 1e-6) if top else 1.0


def _interaction(a: PersonTrack, b: PersonTrack, unit: float) -> float:
    """How much two people are what the clip is about."""
    _, own, other = np.intersect1d(a.looks, b.looks, return_indices=True)
    sizes = [p.places[rows, 2] * p.scores[rows] / unit for p, rows in ((a, own), (b, other))]
    importance = np.minimum(np.minimum(*sizes), 1.0) ** 2
    return float((importance * (near(a.places[own], b.places[other]) + _TOGETHER)).sum())


def _on(a: PersonTrack, b: PersonTrack) -> bool:
    """Whether someone is only another one seen twice."""
    _, own, other = np.intersect1d(a.looks, b.looks, return_indices=True)
    gaps = np.linalg.norm(a.keypoints[own] - b.keypoints[other], axis=-1).mean(axis=-1)
    return bool(len(own)) and float(np.median(gaps / b.places[other, 2])) < _TWICE


def _near_looks(a: PersonTrack, b: PersonTrack) -> np.ndarray:
    _, own, other = np.intersect1d(a.looks, b.looks, return_indices=True)
    return near(a.places[own], b.places[other])


def _named(named: str, people: list[PersonTrack]) -> tuple[list[PersonTrack], list[PersonTrack]]:
    numbers = [[number.strip() for number in person.split("+")] for person in named.split(",")]
    known = [str(number) for number in range(1, len(people) + 1)]
    flat = [number for some in numbers for number in some]
    if len(numbers) != 2 or len(set(flat)) < len(flat) or not set(flat) <= set(known):
        raise UserError(
            f"--people {named}: {len(people)} people were found, numbered from the left; give two, such as 1,2 or 1+4,2"
        )
    first, second = ([people[int(number) - 1] for number in some] for some in numbers)
    return first, second
