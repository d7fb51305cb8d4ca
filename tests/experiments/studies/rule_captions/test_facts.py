import itertools
import random

import numpy as np
import pytest

from experiments.studies.rule_captions.facts import check
from experiments.studies.rule_captions.pairs import EVERY, FAR, PairWindow, region_gaps
from sm_jax.body.skeleton import JOINTS, SIDED_REGIONS
from sm_jax.text.describers import rules
from sm_jax.text.describers.describer import DescriberInput
from sm_jax.text.regions import trunk_axes
from sm_jax.text.rules.facts import Facts
from tests.text.figures import pair as figures
from tests.text.figures import standing, turned


def shown(joints: np.ndarray, touching: tuple[tuple[str, str], ...] = ()) -> PairWindow:
    """A true window of these joints, in which person 0's first region touches person 1's second one throughout."""
    scene = DescriberInput(joints=joints, visibility=np.ones(joints.shape[:3]), fps=30.0)
    gaps = np.full((joints.shape[1] // EVERY, 22, 22), np.inf)
    for a, b in touching:
        gaps[:, SIDED_REGIONS.index(a), SIDED_REGIONS.index(b)] = 0.01
    return PairWindow(name="", split="", seen=scene, true=scene, forward=trunk_axes(joints)[0], gaps=gaps)


def verdicts(sentence: str, pair: PairWindow) -> list[bool]:
    return [true for _, _, true in check(sentence, pair)]


def still(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.repeat(np.stack([first, second])[:, None], 60, axis=1)


STANDS = {
    "face each other": still(standing(), turned(standing(), 180, (0, 1))),
    "turn their backs on each other": still(turned(standing(), 180), turned(standing(), 0, (0, 1))),
    "are next to each other": still(standing(), turned(standing(), 0, (1, 0))),
    "are one behind the other": still(standing(), turned(standing(), 0, (0, 1))),
}


@pytest.mark.parametrize("words", STANDS)
def test_only_one_facing_is_true(words):
    for said, joints in STANDS.items():
        assert verdicts(f"Two people {words}.", shown(joints)) == [said == words]


def test_angles_and_distances():
    turned_half = still(standing(), turned(standing(), 90, (0, 1)))
    assert verdicts("Two people stand at an angle to each other.", shown(turned_half)) == [True, True]
    assert verdicts("Two people face each other.", shown(turned_half)) == [False]
    for apart, close, far in ((0.9, True, False), (1.3, False, False), (3.0, False, True)):
        pair = shown(figures(apart, 60))
        assert verdicts("Two people face each other within reach.", pair) == [close, True]
        assert verdicts("Two people face each other well apart.", pair) == [far, True]


def test_movements():
    joints, along = figures(1.0, 60), np.linspace(0, 1, 60)[:, None, None] * np.array([0.0, 1.0, 0.0])
    away, walk = joints.copy(), joints + 2 * along
    away[1] += along
    spin = joints.copy()
    spin[0] = [turned(standing(), degrees) for degrees in np.linspace(0, 200, 60)]
    around = joints.copy()
    around[1] = [turned(turned(standing(), 180, (0, 1)), degrees) for degrees in np.linspace(0, 200, 60)]
    said = {"moving apart": away, "moving through the room": walk, "staying in place": joints}
    for words, motion in said.items():
        assert verdicts(f"Two people are together, {words}.", shown(motion))[1:] == [True]
        for other in said.keys() - {words, "moving through the room"}:
            assert verdicts(f"Two people are together, {other}.", shown(motion))[1:] == [False]
    assert verdicts("Two people are together, circling each other.", shown(around))[1:] == [True]
    assert verdicts("Two people are together, circling each other.", shown(spin))[1:] == [False]
    assert verdicts("Two people are together, one spinning.", shown(spin))[1:] == [True]
    assert verdicts("Two people are together, one spinning.", shown(joints))[1:] == [False]


def test_postures():
    joints = figures(1.0, 60)
    joints[0, :, JOINTS.index("left_hand"), 2] = 1.9
    pair = shown(joints)
    assert verdicts("Two people stand face to face, one with raised arms.", pair) == [True, True, True]
    assert verdicts("Two people stand face to face, both with raised arms.", pair) == [True, True, False]
    tipped = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    lying = shown(still(standing(), standing() @ tipped.T + np.array([0, 0, 0.1])))
    assert verdicts("Two people stand side by side, one lying down.", lying)[1:] == [False, True]
    assert verdicts("Two people are together, both lying down.", lying)[1:] == [False]


def test_touches():
    def said(clauses: str, pair: PairWindow) -> list[bool]:
        return verdicts(f"Two people are together, {clauses}.", pair)[1:]

    pair = shown(figures(0.5, 60), (("left_hand", "back"),))
    assert said("a hand on the other's body, an arm against the other's body", pair) == [True, True]
    assert said("a hand on the other's arm, holding hands, embracing", pair) == [False, False, False]
    both = shown(figures(0.5, 60), (("left_hand", "back"), ("back", "right_forearm"), ("left_hand", "right_hand")))
    assert said("embracing, hand in hand, touching hands, their arms touching", both) == [True] * 4


def test_every_word_of_the_rules_is_known():
    chance, joints = random.Random(0), shown(figures(1.0, 60))
    kinds = list(rules.TOUCH)
    everything = itertools.product(rules.FACING, ("", *rules.DISTANCE), ("", *rules.MOVEMENT), ("", *rules.POSTURE))
    for number, (facing, distance, movement, posture) in enumerate(everything):
        facts = Facts(
            facing=facing,
            distance=distance,
            movement=movement,
            postures=((posture, 1 + number % 2),) if posture else (),
            touches=(kinds[number % len(kinds)],),
        )
        assert check(rules.write(facts, chance), joints)
    with pytest.raises(ValueError, match="juggling"):
        check("Two people are together, juggling.", joints)
    with pytest.raises(ValueError, match="hover"):
        check("Two people hover side by side.", joints)


def test_gaps_are_those_of_the_nearest_vertices():
    rng = np.random.default_rng(0)
    vertices, region = rng.normal(size=(2, 3, 200, 3)), rng.integers(0, 22, 200)
    gaps = region_gaps(vertices, region)
    for a, b in ((0, 5), (7, 7), (21, 3)):
        true = np.linalg.norm(vertices[0, 1, region == a][:, None] - vertices[1, 1, region == b], axis=-1).min()
        assert gaps[1, a, b] == pytest.approx(true, abs=1e-5) if true < FAR else np.isinf(gaps[1, a, b])
