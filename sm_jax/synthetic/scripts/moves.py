"""Moves that several choreographies share."""

import numpy as np

from sm_jax.synthetic.cast import Person
from sm_jax.synthetic.curves import Keys
from sm_jax.synthetic.script import Between, Foot, Hand, Own, ScriptedContact, Vector, Way, travel
from sm_jax.synthetic.steps import Gait
from sm_jax.types import Side

Cast = tuple[Person, Person]
Chance = np.random.Generator
OTHER: dict[Side, Side] = {"left": "right", "right": "left"}
SIGN: dict[Side, float] = {"left": 1.0, "right": -1.0}
SEAT = 0.58  # of a leg: how far the feet of someone who sits on the floor are ahead
GUARD = Own(point=(0.5, -0.12, 0.0), palm=(0.2, -1.0, 0.0), fingers=(0.3, 0.0, 1.0))


def one_side(chance: Chance) -> Side:
    """Left or right."""
    return "left" if chance.random() < 0.5 else "right"


def shoulder_height(cast: Cast) -> float:
    """Mean height of the two people's shoulders."""
    return 0.5 * (cast[0].shoulder + cast[1].shoulder)


def arms(cast: Cast) -> float:
    """Both people's arms, end to end."""
    return cast[0].arm + cast[1].arm


def come_together(chance: Chance, apart: float, arrive: float, leave: float, end: float) -> tuple[Way, Way]:
    """Two people walk up to each other until their hips are `apart` metres apart, and part again after `leave`."""
    ways = []
    for sign in (-1.0, 1.0):
        far = chance.uniform(0.0, 0.75) * arrive * (chance.random() < 0.8)
        back = chance.uniform(0.0, 0.4) * max(end - leave, 0.0) * (chance.random() < 0.7)
        aside, x, facing = chance.normal(0.0, 0.12), sign * apart / 2, 90.0 + 90.0 * sign
        y, turn = chance.normal(0.0, 0.015), chance.normal(0.0, 6.0)
        ways.append(
            travel(
                (0.0, x + sign * far, aside * min(far, 1.0), facing),
                (arrive, x, y, facing + turn),
                (leave, x, y, facing + turn),
                (max(end, leave + 0.1), x + sign * back, y, facing),
            )
        )
    return ways[0], ways[1]


def join(
    sides: tuple[Side, Side], point: Vector, palm: Vector, fingers: Vector | None, start: float, end: float, **more
) -> tuple[Hand, Hand, ScriptedContact]:
    """Two hands meet palm to palm between the people. point: (towards b, to a's left, up) metres; palm and fingers:
    where a's point, (towards b, left, up); b's palm looks at a's, its fingers are turned about the vertical."""
    a = Between(point=point, palm=palm, fingers=fingers)
    b = Between(point=(-point[0], -point[1], point[2]), palm=(palm[0], palm[1], -palm[2]), fingers=fingers)
    hands = [Hand(side=s, to=to, start=start, end=end, **more) for s, to in zip(sides, (a, b), strict=True)]
    return hands[0], hands[1], ScriptedContact(a=f"{sides[0]}_hand", b=f"{sides[1]}_hand", start=start, end=end)


def bend(start: float, end: float, trunk: Vector, rise: float = 0.7, base: Vector = (0.0, 0.0, 0.0)) -> Keys:
    """The trunk bends by `trunk` from start to end."""
    return (start - rise, *base), (start, *trunk), (end, *trunk), (end + rise, *base)


def sit(
    me: Person, x: float, y: float, heading: float, end: float, fall: float = 0.8
) -> tuple[float, tuple[Foot, ...]]:
    """Sitting on the floor from the beginning to `end`, knees up: height of the hips and places of the feet."""
    c, s = np.cos(np.radians(heading)), np.sin(np.radians(heading))
    ahead = SEAT * (me.thigh + me.shin)
    feet = tuple(
        Foot(
            side=side,
            place=(x + ahead * c - 0.13 * SIGN[side] * s, y + ahead * s + 0.13 * SIGN[side] * c, 0.0),
            yaw=heading + 8.0 * SIGN[side],
            start=-9.0,
            end=end,
            rise=0.1,
            fall=fall,
            knee=(0.5, 0.25, 1.0),
        )
        for side in OTHER
    )
    return 0.125 / me.hip, feet


def kneel(
    me: Person, x: float, y: float, heading: float, side: Side, start: float, end: float
) -> tuple[float, tuple[Foot, ...]]:
    """Kneeling on the knee of one side from start to end: height of the hips and places of the feet."""
    c, s = np.cos(np.radians(heading)), np.sin(np.radians(heading))
    other = OTHER[side]

    def foot(which: Side, ahead: float, pitch: float, knee: Vector) -> Foot:
        left = 0.12 * SIGN[which]
        place = (x + ahead * c - left * s, y + ahead * s + left * c, 0.0)
        return Foot(
            side=which, place=place, yaw=heading, start=start, end=end, pitch=pitch, knee=knee, rise=0.9, fall=0.9
        )

    back = foot(side, -0.8 * me.shin - 0.1, 62.0, (1.0, 0.1, -0.6))
    return (me.thigh + 0.07) / me.hip, (back, foot(other, 0.85 * me.thigh, 0.0, (1.0, 0.15, 0.5)))


def walking(chance: Chance) -> Gait:
    """A way of walking."""
    return Gait(
        swing=chance.uniform(0.42, 0.5),
        width=chance.uniform(0.075, 0.11),
        lift=chance.uniform(0.05, 0.09),
        splay=chance.uniform(0.05, 0.2),
        first=int(chance.integers(2)),
    )


def glances(chance: Chance, seconds: float) -> Keys:
    """Now at the other, now ahead."""
    return tuple((t, chance.uniform(0.0, 0.9)) for t in np.arange(0.0, seconds, 1.2))


def abreast(chance: Chance, seconds: float, y: float, pace: tuple[float, float], ahead: float = 0.0) -> tuple[Way, Way]:
    """Two people walk on side by side, b at y metres to a's left and a little ahead."""
    start, length = chance.uniform(0.2, 0.7), chance.uniform(*pace) * (seconds - 1.0)
    places = ((0.0, 0.0), (ahead, y))
    a, b = (travel((start, x, left, 0.0), (seconds - 0.3, x + length, left, 0.0)) for x, left in places)
    return a, b
