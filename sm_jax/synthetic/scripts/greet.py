"""Greetings: people meet, touch briefly and part."""

from sm_jax.synthetic.script import Hand, Own, Role, Script, travel
from sm_jax.synthetic.scripts.moves import (
    SIGN,
    Cast,
    Chance,
    arms,
    bend,
    come_together,
    join,
    one_side,
    shoulder_height,
)
from sm_jax.types import Side

HANDSHAKE = (
    "[Two people|They] shake hands.",
    "[Two people|Both people] [walk up to each other|meet|approach each other] and shake [right hands|hands].",
    "{a} and {b} [greet each other|meet] with a [firm|short|friendly] handshake.",
    "{a} [takes|grasps] {b}'s right hand with the right hand and shakes it.",
    "[Facing each other|Face to face], {a} and {b} shake hands.",
    "They [reach out|extend] their right hands and [hold|clasp] them [for a moment|while shaking them up and down].",
)


def handshake(cast: Cast, chance: Chance) -> Script:
    """They meet, shake right hands and part."""
    arrive, shake = chance.uniform(0.8, 2.0), chance.uniform(0.9, 2.0)
    start = arrive + chance.uniform(0.0, 0.3)
    end = start + shake
    seconds = end + chance.uniform(0.8, 1.5)
    way_a, way_b = come_together(chance, chance.uniform(0.58, 0.68) * arms(cast), arrive, end, seconds)
    height = chance.uniform(0.7, 0.78) * shoulder_height(cast)
    hand_a, hand_b, touch = join(
        ("right", "right"),
        (0.0, 0.0, height),
        (0.0, 1.0, 0.0),
        (1.0, 0.0, 0.15),
        start,
        end,
        beat=(0.0, 0.0, chance.uniform(0.02, 0.05)),
        rate=chance.uniform(1.3, 2.2),
    )
    lean = (
        (start - 0.6, 0.0, 0.0, 0.0),
        (start, chance.uniform(2.0, 12.0), 10.0, 0.0),
        (end, 4.0, 8.0, 0.0),
        (end + 0.7, 0.0, 0.0, 0.0),
    )
    return Script(
        seconds=seconds,
        a=Role(way=way_a, hands=(hand_a,), trunk=lean),
        b=Role(way=way_b, hands=(hand_b,), trunk=lean),
        touches=(touch,),
    )


HIGH_FIVE = (
    "[Two people|They|Both] [give each other a high five|high-five|high-five each other].",
    "{a} and {b} [walk up to each other and |]high-five[ with their {side} hands|].",
    "{a} raises the {side} hand and {b} [gives a high five|hits it with a high five].",
    "[Standing|Walking] [face to face|towards each other], they high-five [above their shoulders|at head height].",
    "[A high five|High five]: their {side} hands meet [in the air|for a moment].",
    "{a} touches {b}'s {side} palm with the {side} palm[ at head height|].",
)


def high_five(cast: Cast, chance: Chance) -> Script:
    """They meet and clap one raised hand against the other's."""
    side = one_side(chance)
    arrive = chance.uniform(0.8, 1.8)
    at = arrive + chance.uniform(0.2, 0.5)
    end = at + chance.uniform(0.1, 0.25)
    seconds = end + chance.uniform(1.0, 1.6)
    way_a, way_b = come_together(chance, chance.uniform(0.52, 0.62) * arms(cast), arrive, end, seconds)
    height = shoulder_height(cast) + chance.uniform(0.12, 0.4) * cast[0].arm
    hand_a, hand_b, touch = join((side, side), (0.0, 0.0, height), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), at, end, rise=0.25)
    raised = Own(point=(0.4, 0.2, 0.4), palm=(1.0, 0.0, 0.0), fingers=(0.0, 0.0, 1.0))
    ready = [Hand(side=side, to=raised, start=at - chance.uniform(0.2, 0.6), end=end, rise=0.6, fall=0.8) for _ in "ab"]
    twist = bend(at, end, (4.0, 12.0 if side == "right" else -12.0, 0.0), 0.5)
    return Script(
        seconds=seconds,
        a=Role(way=way_a, hands=(ready[0], hand_a), trunk=twist, look=((0.0, 1.0),)),
        b=Role(way=way_b, hands=(ready[1], hand_b), trunk=twist, look=((0.0, 1.0),)),
        touches=(touch,),
        words={"side": side},
    )


WAVE = (
    "{a} waves [at|to] {b}[ from a distance|].",
    "{a} [raises|lifts] the {side} hand and waves.",
    "[Two people|They] [greet each other from afar|stand apart and greet each other], without touching.",
    "{a} greets {b} with a wave of the {side} hand[, and {b} waves back|].",
    "One [waves|is waving] to the other, who [waves back|looks on and waves too].",
    "They [stand|stay] some [metres|distance] apart and wave.",
)


def wave(cast: Cast, chance: Chance) -> Script:
    """They stand apart and wave."""
    side, other = one_side(chance), one_side(chance)
    seconds, apart = chance.uniform(2.8, 5.0), chance.uniform(1.8, 3.8)
    ways = [
        travel(
            (0.3, s * (apart / 2 + step), 0.0, 90 + 90 * s + turn),
            (0.3 + 2.0 * step + 0.5, s * apart / 2, 0.0, 90 + 90 * s),
        )
        for s in (-1.0, 1.0)
        for step, turn in ((chance.uniform(0.0, 0.6), chance.normal(0.0, 25.0)),)
    ]
    start = chance.uniform(0.8, 1.2)

    def waving(which: Side, start: float) -> Hand:
        at = Own(
            point=(0.35, chance.uniform(0.2, 0.5), chance.uniform(0.2, 0.6)),
            palm=(1.0, 0.0, 0.0),
            fingers=(0.0, 0.1, 1.0),
        )
        end = min(start + chance.uniform(0.9, 1.8), seconds - 0.6)
        return Hand(
            side=which,
            to=at,
            start=start,
            end=end,
            beat=(0.0, chance.uniform(0.1, 0.25), 0.0),
            rate=chance.uniform(1.4, 2.4),
        )

    return Script(
        seconds=seconds,
        a=Role(way=ways[0], hands=(waving(side, start),), look=((0.0, 1.0),)),
        b=Role(way=ways[1], hands=(waving(other, start + chance.uniform(0.3, 0.7)),), look=((0.0, 1.0),)),
        words={"side": side},
    )


PASS_OBJECT = (
    "{a} [gives|hands] something [small |]to {b}, [hand to hand|and their hands touch].",
    "{a}'s {side_a} hand touches {b}'s {side_b} hand as [an object|something] changes hands.",
    "{a} [passes|hands] {b} an object[ with the {side_a} hand|], and {b} takes it.",
    "{b} takes [something|an object] out of {a}'s {side_a} hand with the {side_b} hand.",
    "[They stand face to face, and|Face to face,] {a} hands [something|an object] over.",
    "{a} holds out [something|an object] and {b} takes it with the {side_b} hand.",
    "{b} touches {a}'s {side_a} hand with the {side_b} hand to take what it holds.",
)


def pass_object(cast: Cast, chance: Chance) -> Script:
    """a hands b something small."""
    side_a, side_b = one_side(chance), one_side(chance)
    at = chance.uniform(1.1, 2.0)
    end, seconds = at + chance.uniform(0.3, 0.7), at + chance.uniform(2.0, 2.8)
    apart = chance.uniform(0.64, 0.72) * (cast[0].arm + cast[1].arm)
    height = chance.uniform(0.68, 0.85) * (cast[0].shoulder + cast[1].shoulder) / 2
    lateral = 0.08 * (SIGN[side_a] - SIGN[side_b])
    give, take, touch = join(
        (side_a, side_b), (0.0, lateral, height), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), at, end, rise=0.8
    )
    look_at = Own(point=(0.5, -0.2, -0.25), palm=(-0.6, -0.4, 0.6), fingers=(0.6, -0.8, 0.3))
    carry = [
        Hand(side=side_a, to=look_at, start=0.2, end=at, rise=0.2, fall=0.6),
        Hand(side=side_b, to=look_at, start=end + 0.5, end=seconds, rise=0.7),
    ]
    far = chance.uniform(0.0, 0.6) * at
    return Script(
        seconds=seconds,
        a=Role(
            way=travel((0.0, -apart / 2 - far, 0.0, 0.0), (at - 0.2, -apart / 2, 0.0, 0.0)),
            hands=(carry[0], give),
            trunk=bend(at, end, (8.0, -6.0 * SIGN[side_a], 0.0)),
        ),
        b=Role(
            way=travel((0.0, apart / 2, 0.0, 180.0 + chance.normal(0.0, 10.0))),
            hands=(take, carry[1]),
            trunk=bend(at, end, (8.0, -6.0 * SIGN[side_b], 0.0)),
        ),
        touches=(touch,),
        words={"side_a": side_a, "side_b": side_b},
    )
