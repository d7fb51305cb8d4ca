"""Dances and games."""

import numpy as np

from sm_jax.synthetic.script import Hand, On, Own, Role, Script, ScriptedContact, Way, orbit, travel
from sm_jax.synthetic.scripts.moves import OTHER, SIGN, Cast, Chance, arms, join, shoulder_height
from sm_jax.synthetic.steps import Gait

DANCE = (
    "[Two people|They|The couple] dance in a closed hold[ and turn slowly|].",
    "{a} and {b} [dance a slow waltz|waltz|dance together], turning.",
    "{a} leads, with the right hand on {b}'s back.",
    "They dance [close together|in ballroom hold], turning [around each other|on the spot].",
    "{a} holds {b}'s right hand with the left hand[ as they dance|].",
    "{b} [rests|lays] the left hand on {a}'s right shoulder while they dance.",
)


def dance(cast: Cast, chance: Chance) -> Script:
    """They turn in a closed hold, a leading."""
    seconds = chance.uniform(4.0, 7.5)
    apart = cast[0].front + cast[1].front + chance.uniform(0.1, 0.2)
    turn = chance.choice([-1.0, 1.0]) * chance.uniform(35.0, 65.0) * (seconds - 0.6)
    drift = chance.normal(0.0, 0.12, 2) * seconds
    aside = np.radians(8.0)  # each stands a little to the left of the other's middle

    def way(at: float) -> Way:
        step = orbit(apart / 2, ((0.3, at), (seconds - 0.3, at + turn)), 180.0 - np.degrees(aside))
        glide = travel((0.3, 0.0, 0.0, 0.0), (seconds - 0.3, *drift, 0.0))
        return lambda t: step(t) + glide(t)

    out = (0.0, chance.uniform(0.42, 0.52), 0.95 * shoulder_height(cast))
    lead, follow, touch = join(
        ("left", "right"), out, (0.8, -0.3, -0.3), (0.0, 0.6, 1.0), 0.0, seconds, rise=0.01, elbow=(-0.2, 1.0, -0.6)
    )
    back = Hand(
        side="right",
        to=On(region="back", towards=(-1.0, 0.4, 0.35)),
        start=0.0,
        end=seconds,
        rise=0.01,
        elbow=(-0.1, 1.0, -0.35),
    )
    rest = Hand(
        side="left",
        to=On(region="right_shoulder", towards=(0.1, -0.4, 0.9)),
        start=0.0,
        end=seconds,
        rise=0.01,
        elbow=(0.0, 1.0, -0.3),
    )
    gait = Gait(swing=0.3, double=0.06, width=0.08, lift=0.05, splay=0.08)
    return Script(
        seconds=seconds,
        a=Role(way=way(180.0), hands=(lead, back), gait=gait, look=((0.0, 0.5),)),
        b=Role(way=way(0.0), hands=(follow, rest), gait=gait, look=((0.0, 0.3),)),
        touches=(touch,),
    )


CLAP_GAME = (
    "[Two people|They] play a clapping game[, palms against palms|].",
    "{a} and {b} clap [their hands|both hands] against each other's hands[ again and again|].",
    "[Facing each other|Face to face], they [clap and |]touch each other's palms.",
    "Both [raise|hold up] their hands and clap them against the other's palms.",
    "They clap hands with each other [several times|in a rhythm].",
    "{a} touches {b}'s palms with both hands [over and over|again and again], in a clapping game.",
)


def clap_game(cast: Cast, chance: Chance) -> Script:
    """They clap both hands against the other's, in a rhythm."""
    beat = chance.uniform(0.55, 0.75)
    claps = int(chance.integers(4, 7))
    first = chance.uniform(0.9, 1.2)
    seconds = first + claps * beat + 0.8
    apart, height = chance.uniform(0.5, 0.58) * arms(cast), shoulder_height(cast) * chance.uniform(0.9, 1.0)
    own = [
        Hand(
            side=side,
            start=first - 0.3,
            end=first + (claps - 0.6) * beat,
            rise=0.6,
            to=Own(point=(0.45, -0.2, -0.1), palm=(0.2, -1.0, 0.0), fingers=(0.5, 0.0, 1.0)),
        )
        for side in OTHER
    ]
    a, b, touches = list(own), list(own), []
    for clap in range(claps):
        at = first + clap * beat
        for side in OTHER:
            hand_a, hand_b, touch = join(
                (side, OTHER[side]),
                (0.0, 0.14 * SIGN[side], height),
                (1.0, 0.0, 0.0),
                (0.0, 0.0, 1.0),
                at,
                at + 0.1,
                rise=0.22,
                fall=0.22,
            )
            a.append(hand_a)
            b.append(hand_b)
            touches.append(ScriptedContact(a=touch.a, b=touch.b, start=at - 0.05, end=at + 0.15, held=False))
    x = apart / 2
    return Script(
        seconds=seconds,
        a=Role(way=travel((0.0, -x, 0.0, chance.normal(0.0, 4.0))), hands=tuple(a)),
        b=Role(way=travel((0.0, x, 0.0, 180.0 + chance.normal(0.0, 4.0))), hands=tuple(b)),
        touches=tuple(touches),
    )


LIFT_HANDS = (
    "[Two people|They] hold hands and [lift|raise] them above their heads.",
    "{a} and {b} [raise|lift] their joined hands[ high|].",
    "[Facing each other|Face to face], they hold hands and raise their arms.",
    "With their hands joined, both [stretch|raise] their arms [up|upwards].",
    "They hold hands [low|at the waist], then lift them up[ and lower them again|].",
    "Hand in hand, {a} and {b} lift their arms [overhead|above their heads].",
)


def lift_hands(cast: Cast, chance: Chance) -> Script:
    """They hold both hands and lift them over their heads."""
    start = chance.uniform(0.7, 1.0)
    up = start + chance.uniform(1.0, 1.6)
    top, end = up + chance.uniform(0.4, 1.2), up + chance.uniform(2.2, 3.0)
    seconds = end + 0.9
    x, shoulder = chance.uniform(0.48, 0.54) * arms(cast) / 2, shoulder_height(cast)
    low = [
        join(
            (side, OTHER[side]), (0.0, 0.2 * SIGN[side], 0.72 * shoulder), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), start, end
        )
        for side in OTHER
    ]
    rise, height = up - start - 0.1, shoulder + chance.uniform(0.55, 0.75) * min(cast[0].arm, cast[1].arm)
    high = [
        join(
            (side, OTHER[side]),
            (0.0, 0.22 * SIGN[side], height),
            (1.0, 0.0, 0.0),
            (0.0, 0.0, 1.0),
            up,
            top,
            rise=rise,
            fall=1.0,
            elbow=(0.3, 1.0, -0.6),
        )
        for side in OTHER
    ]
    ways = [
        travel((0.0, s * (x + far), 0.0, 90 + 90 * s), (start, s * x, 0.0, 90 + 90 * s))
        for s in (-1.0, 1.0)
        for far in (chance.uniform(0.0, 0.3),)
    ]
    return Script(
        seconds=seconds,
        a=Role(way=ways[0], hands=tuple(hand for hand, _, _ in (*low, *high))),
        b=Role(way=ways[1], hands=tuple(hand for _, hand, _ in (*low, *high))),
        touches=tuple(touch for _, _, touch in low),
    )


RING = (
    "[Two people|They] hold hands and [turn|walk|go round] in a circle.",
    "{a} and {b} hold both hands and circle.",
    "[Facing each other|Face to face] and holding hands, they [turn round and round|go round].",
    "They [dance|walk|move] in a [ring|circle], hand in hand.",
    "With their hands joined, [they|{a} and {b}] circle around.",
    "Holding hands, they step sideways around a circle.",
)


def ring(cast: Cast, chance: Chance) -> Script:
    """They hold both hands and circle."""
    seconds = chance.uniform(3.5, 7.0)
    radius = chance.uniform(0.6, 0.72) * (cast[0].arm + cast[1].arm) / 2
    turn = chance.choice([-1.0, 1.0]) * np.degrees(chance.uniform(0.4, 0.7) * (seconds - 1.2) / radius)
    height = 0.5 * (cast[0].shoulder + cast[1].shoulder) * chance.uniform(0.68, 0.8)
    joined = [
        join(
            (side, OTHER[side]),
            (0.0, 0.2 * SIGN[side], height),
            (0.0, 0.0, -SIGN[side]),
            (1.0, 0.0, 0.0),
            0.7,
            seconds - 0.5,
        )
        for side in OTHER
    ]
    gait = Gait(swing=0.34, width=0.11)
    ways = [orbit(radius, ((0.6, at), (seconds - 0.6, at + turn)), 180.0) for at in (180.0, 0.0)]
    return Script(
        seconds=seconds,
        a=Role(way=ways[0], hands=tuple(a for a, _, _ in joined), gait=gait),
        b=Role(way=ways[1], hands=tuple(b for _, b, _ in joined), gait=gait),
        touches=tuple(touch for _, _, touch in joined),
    )
