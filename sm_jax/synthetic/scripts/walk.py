"""Going somewhere together."""

import numpy as np

from sm_jax.synthetic.script import Hand, On, Role, Script, orbit, travel
from sm_jax.synthetic.scripts.moves import OTHER, SIGN, Cast, Chance, glances, join, one_side, walking
from sm_jax.synthetic.steps import Gait

HAND_IN_HAND = (
    "[Two people|They|The two] walk [side by side, |]hand in hand.",
    "{a} and {b} hold hands [while walking|and walk side by side|as they walk along].",
    "[Walking next to each other|Side by side], they hold hands.",
    "{a} holds {b}'s {side_b} hand with the {side_a} hand.",
    "They [stroll|walk] [along|forward] and [swing|hold] their joined hands[, hand in hand|].",
)


def hand_in_hand(cast: Cast, chance: Chance) -> Script:
    """They walk side by side, hand in hand."""
    seconds, speed = chance.uniform(3.5, 7.0), chance.uniform(0.6, 1.2)
    side = one_side(chance)  # of a's hand
    sign = 1.0 if side == "left" else -1.0
    apart = cast[0].width + cast[1].width + chance.uniform(0.0, 0.08)
    length = speed * (seconds - 0.8)
    start = chance.uniform(0.2, 0.8)
    ways = [travel((start, 0.0, y, 0.0), (seconds - 0.3, length, y, 0.0)) for y in (0.0, sign * apart)]
    height = 0.5 * (cast[0].shoulder - 0.85 * cast[0].arm + cast[1].shoulder - 0.85 * cast[1].arm)
    hand_a, hand_b, touch = join(
        (side, OTHER[side]),
        (0.0, -0.06 * sign, height),
        (0.0, sign, 0.0),
        (0.0, 0.0, -1.0),
        0.0,
        seconds,
        rise=0.01,
        beat=(0.0, chance.uniform(0.0, 0.1), 0.0),
        rate=chance.uniform(0.6, 0.9),
    )
    gait = Gait(swing=chance.uniform(0.42, 0.48), width=0.09, first=int(chance.integers(2)))
    glance = ((0.0, chance.uniform(0.0, 0.6)), (0.5 * seconds, chance.uniform(0.0, 0.9)), (seconds, 0.1))
    return Script(
        seconds=seconds,
        a=Role(way=ways[0], hands=(hand_a,), gait=gait, look=glance),
        b=Role(way=ways[1], hands=(hand_b,), gait=gait, look=glance),
        touches=(touch,),
        words={"side_a": side, "side_b": OTHER[side]},
    )


SIDE_BY_SIDE = (
    "[Two people|They|The two] walk side by side[ without touching|].",
    "{a} and {b} [walk|stroll] next to each other.",
    "[They go|Both walk] in the same direction[, side by side|].",
    "{a} walks to the {side} of {b}.",
    "[Two people|Both] take a walk together[ and look at each other now and then|].",
    "[Side by side|Together], they walk [straight on|forward].",
)


def side_by_side(cast: Cast, chance: Chance) -> Script:
    """They walk side by side and do not touch."""
    seconds, speed, side = chance.uniform(3.0, 7.0), chance.uniform(0.6, 1.15), one_side(chance)
    y = -SIGN[side] * (cast[0].width + cast[1].width + chance.uniform(0.15, 0.5))
    start, length = chance.uniform(0.2, 0.6), speed * (seconds - 1.0)
    drop = chance.uniform(-0.3, 0.3)
    roles = [
        Role(
            way=travel((start + chance.uniform(0.0, 0.3), x, y0, 0.0), (seconds - 0.3, x + length, y0, 0.0)),
            gait=walking(chance),
            look=glances(chance, seconds),
            swing=chance.uniform(0.7, 1.2),
            trunk=((0.0, chance.uniform(-2.0, 6.0), 0.0, 0.0),),
        )
        for x, y0 in ((0.0, 0.0), (drop, y))
    ]
    return Script(seconds=seconds, a=roles[0], b=roles[1], words={"side": side})


FOLLOW = (
    "{b} walks ahead and {a} follows[ behind|].",
    "{a} follows {b}[ at a distance|].",
    "[They walk|Two people walk] one behind the other[, without touching|].",
    "{a} walks behind {b}.",
    "{b} leads the way, [and|while] {a} comes after.",
    "One [walks|goes] [ahead|in front] and the other follows[ behind|].",
)


def follow(cast: Cast, chance: Chance) -> Script:
    """b walks ahead, straight or in a curve, and a follows."""
    seconds, speed = chance.uniform(3.0, 7.0), chance.uniform(0.6, 1.2)
    behind, length = chance.uniform(0.8, 1.8), speed * (seconds - 1.2)
    late = chance.uniform(0.1, 0.7)
    if chance.random() < 0.5:
        ways = [
            travel((0.2 + lag, x, y, 0.0), (seconds - 0.8 + lag, x + length, y, 0.0))
            for x, y, lag in ((-behind, chance.normal(0.0, 0.1), late), (0.0, 0.0, 0.0))
        ]
    else:
        radius, turn = chance.uniform(1.4, 3.0), chance.choice([-1.0, 1.0])
        arc = lambda metres: turn * np.degrees(metres / radius)  # noqa: E731
        ways = [
            orbit(radius, ((0.2 + lag, arc(x)), (seconds - 0.8 + lag, arc(x + length))), 90.0 * turn)
            for x, lag in ((-behind, late), (0.0, 0.0))
        ]
    return Script(
        seconds=seconds,
        a=Role(way=ways[0], gait=walking(chance), look=((0.0, chance.uniform(0.3, 1.0)),)),
        b=Role(way=ways[1], gait=walking(chance), look=((0.0, 0.0),)),
    )


CONGA = (
    "{a} walks behind {b} with both hands on {b}'s shoulders.",
    "{a} [lays|puts] both hands on {b}'s shoulders and [follows|walks behind].",
    "[They walk|Two people walk] in a row, the one behind with both hands on the other's shoulders.",
    "{a} [steers|guides] {b} [from behind|along], with both hands on {b}'s shoulders.",
    "{b} walks ahead with {a}'s hands on the shoulders.",
    "One walks behind the other, with both hands on the other's shoulders.",
)


def conga(cast: Cast, chance: Chance) -> Script:
    """a walks behind b with both hands on b's shoulders."""
    seconds, speed = chance.uniform(3.0, 6.0), chance.uniform(0.4, 0.8)
    behind, length = chance.uniform(0.8, 0.95) * cast[0].arm, speed * (seconds - 1.2)
    start = chance.uniform(0.4, 0.9)
    hands = tuple(
        Hand(
            side=side,
            start=start,
            end=seconds,
            rise=0.8,
            to=On(region=f"{side}_shoulder", towards=(-0.2, -0.3 * SIGN[side], 1.0), fingers=(1.0, 0.0, 0.0)),
        )
        for side in OTHER
    )
    ways = [travel((start, x, 0.0, 0.0), (seconds - 0.4, x + length, 0.0, 0.0)) for x in (-behind, 0.0)]
    gait = Gait(swing=0.42, first=int(chance.integers(2)))
    return Script(
        seconds=seconds,
        a=Role(way=ways[0], hands=hands, gait=gait, look=((0.0, 0.2),)),
        b=Role(way=ways[1], gait=gait, look=((0.0, 0.0),)),
    )


CIRCLE = (
    "[Two people|They] circle each other[ without touching|].",
    "{a} and {b} walk in a circle around each other[, face to face|].",
    "[Facing each other|Face to face], they [step sideways in a circle|circle].",
    "They [go round|circle around] each other [slowly|and keep their distance].",
    "{a} [circles|walks round] {b}, who [turns|circles] too.",
    "Both move around each other [in a circle|and watch each other].",
)


def circle(cast: Cast, chance: Chance) -> Script:
    """They circle each other face to face."""
    seconds, radius = chance.uniform(3.5, 7.0), chance.uniform(0.6, 1.2)
    turn = chance.choice([-1.0, 1.0]) * np.degrees(chance.uniform(0.35, 0.65) * (seconds - 0.6) / radius)
    roles = [
        Role(
            way=orbit(radius, ((0.3, at), (seconds - 0.3, at + turn)), 180.0 + chance.normal(0.0, 5.0)),
            look=((0.0, 1.0),),
            gait=Gait(swing=0.36, width=0.13),
            swing=0.6,
            trunk=((0.0, chance.uniform(0.0, 12.0), 0.0, 0.0),),
            height=((0.0, chance.uniform(0.94, 1.0)),),
        )
        for at in (180.0, 0.0)
    ]
    return Script(seconds=seconds, a=roles[0], b=roles[1])
