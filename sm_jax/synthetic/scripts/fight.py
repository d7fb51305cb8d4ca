"""Fighting."""

import numpy as np

from sm_jax.synthetic.curves import Keys
from sm_jax.synthetic.script import Foot, Hand, On, Own, Role, Script, ScriptedContact, Vector, travel
from sm_jax.synthetic.scripts.moves import GUARD, OTHER, SIGN, Cast, Chance, arms, bend, one_side
from sm_jax.synthetic.steps import Gait
from sm_jax.types import Side

BOX = (
    "[Two people|They] [box|spar|fight], [in a fighting stance|with raised fists|circling a little].",
    "{a} throws [punches|jabs] at {b}, who [blocks|keeps the guard up|covers].",
    "[Two fighters|Two people] face each other in a [fighting|boxing] stance, fists up.",
    "{a} and {b} [spar|box] with each other.",
    "{a} jabs with the {side} hand and {b} [blocks it|defends].",
    "{a}'s {side} fist lands on {b}'s {other} forearm[, which blocks it|].",
    "[Both|They] stand with one foot forward and fists up, and {a}'s fist [lands on|presses against] {b}'s forearm.",
)


def box(cast: Cast, chance: Chance) -> Script:
    """They stand in guard; a jabs, b blocks."""
    seconds = chance.uniform(3.5, 6.5)
    side = one_side(chance)
    x = chance.uniform(0.62, 0.7) * arms(cast) / 2
    turn = chance.uniform(-25.0, 25.0)
    stagger = 0.17 * chance.choice([-1.0, 1.0])
    gait = Gait(width=0.13, stagger=stagger, swing=0.25, double=0.05)
    times = np.arange(0.9, seconds - 0.8, chance.uniform(0.9, 1.3))[:5]
    jabs, blocks = [], []
    for time in times:
        at = float(time + chance.uniform(-0.15, 0.15))
        hits = not jabs or chance.random() < 0.5
        target = On(region=f"{OTHER[side]}_forearm", towards=(1.0, 0.0, 0.3)) if hits else None
        jabs.append(
            Hand(side=side, to=target or Own(point=(0.97, -0.2, -0.02)), start=at, end=at + 0.1, rise=0.2, fall=0.25)
        )
        blocks.append(
            Hand(
                side=OTHER[side],
                to=Own(point=(0.6, -0.15, 0.02), palm=(-0.3, -1.0, 0.0), fingers=(0.2, 0.0, 1.0)),
                start=at - 0.05,
                end=at + 0.15,
                rise=0.2,
                fall=0.3,
            )
        )
    guard = tuple(Hand(side=s, to=GUARD, start=0.0, end=seconds, rise=0.01, elbow=(0.2, 0.35, -1.0)) for s in OTHER)
    trunk: Keys = tuple(
        (t, chance.uniform(6.0, 14.0), chance.uniform(-12.0, 12.0), chance.uniform(-4.0, 4.0))
        for t in np.arange(0.0, seconds, 0.7)
    )
    bob: Keys = tuple((t, chance.uniform(0.92, 0.97)) for t in np.arange(0.0, seconds, 0.5))
    shift = chance.uniform(-0.15, 0.15)
    ways = [
        travel(
            (0.5, s * x, 0.0, 90 + 90 * s),
            (0.5 * seconds, s * x + shift, 0.1 * s, 90 + 90 * s + turn),
            (seconds, s * x, 0.1 * s, 90 + 90 * s + turn),
        )
        for s in (-1.0, 1.0)
    ]
    return Script(
        seconds=seconds,
        a=Role(way=ways[0], hands=(*guard, *jabs), trunk=trunk, height=bob, look=((0.0, 1.0),), gait=gait),
        b=Role(way=ways[1], hands=(*guard, *blocks), trunk=trunk[::1], height=bob, look=((0.0, 1.0),), gait=gait),
        words={"side": side, "other": OTHER[side]},
    )


KICK = (
    "{a} kicks {b} [in|at] the [leg|thigh].",
    "{a} [lifts|raises] the {side} foot and kicks {b}'s {other} [thigh|leg].",
    "One person kicks the other's leg[ with the {side} foot|].",
    "{b} is kicked [in|on] the {other} leg by {a}[ and steps back|].",
    "{a} [fights|attacks] with a [low kick|kick] with the {side} foot.",
    "In a fighting stance, {a} kicks and {b} [steps back|stumbles back].",
)


def kick(cast: Cast, chance: Chance) -> Script:
    """a kicks the side of b's leg that is opposite; b steps back."""
    side, me = one_side(chance), cast[0]
    at = chance.uniform(1.2, 2.0)
    seconds = at + chance.uniform(1.5, 2.2)
    leg = me.thigh + me.shin
    height = chance.uniform(0.55, 0.72) * cast[1].thigh + cast[1].shin
    apart = np.sqrt(max((0.96 * leg) ** 2 - (me.hip - height) ** 2, 0.05)) + 0.2
    x, sign = apart / 2, SIGN[side]
    foot = _kicking_foot(side, (-x + 0.22, 0.1 * sign, 0.42 * leg), (x - 0.14, 0.1 * sign, height - 0.05), at)
    guard = tuple(Hand(side=s, to=GUARD, start=0.3, end=seconds, rise=0.5, elbow=(0.2, 0.35, -1.0)) for s in OTHER)
    over = -0.1 * sign
    thrown = chance.uniform(0.2, 0.45)
    return Script(
        seconds=seconds,
        a=Role(
            way=travel(
                (at - 0.9, -x, 0.0, 0.0),
                (at - 0.35, -x, over, 0.0),
                (at + 0.4, -x, over, 0.0),
                (at + 0.9, -x, 0.0, 0.0),
            ),
            hands=guard,
            feet=foot,
            trunk=bend(at, at + 0.1, (-16.0, 0.0, 0.0), 0.4, (5.0, 0.0, 0.0)),
            look=((0.0, 1.0),),
        ),
        b=Role(
            way=travel((at + 0.05, x, 0.0, 180.0), (at + 0.75, x + thrown, 0.0, 180.0)),
            hands=guard if chance.random() < 0.6 else (),
            trunk=bend(at + 0.25, at + 0.4, (14.0, 0.0, 0.0), 0.3, (3.0, 0.0, 0.0)),
            look=((0.0, 1.0),),
            gait=Gait(swing=0.3, double=0.05),
        ),
        touches=(
            ScriptedContact(a=f"{side}_foot", b=f"{OTHER[side]}_thigh", start=at - 0.05, end=at + 0.2, held=False),
        ),
        words={"side": side, "other": OTHER[side]},
    )


def _kicking_foot(side: Side, drawn: Vector, struck: Vector, at: float) -> tuple[Foot, Foot]:
    """The foot drawn up before the kick, then thrust to where it strikes at a moment."""
    up = (1.0, 0.0, 0.6)
    return (
        Foot(side=side, place=drawn, yaw=0.0, start=at - 0.3, end=at + 0.3, rise=0.45, fall=0.4, pitch=-15.0, knee=up),
        Foot(side=side, place=struck, yaw=0.0, start=at, end=at + 0.08, rise=0.25, fall=0.3, pitch=-70.0, knee=up),
    )
