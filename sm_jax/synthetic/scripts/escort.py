"""Going somewhere together, arm in arm or the like."""

from sm_jax.synthetic.script import Hand, On, Own, Role, Script, ScriptedContact, travel
from sm_jax.synthetic.scripts.moves import OTHER, SIGN, Cast, Chance, abreast, glances, one_side, walking
from sm_jax.synthetic.steps import Gait

ARM_IN_ARM = (
    "[Two people|They|The two] walk arm in arm.",
    "{a} and {b} link arms and walk[ side by side|].",
    "{b} [rests|lays] the {side_b} hand on {a}'s {side_a} forearm while they walk.",
    "[Arm in arm|With linked arms], they [stroll along|walk side by side].",
    "{b} holds {a}'s {side_a} [arm|forearm] as they walk.",
    "They walk close together, arm in arm.",
)


def arm_in_arm(cast: Cast, chance: Chance) -> Script:
    """They walk, b's hand on a's bent arm."""
    seconds, side = chance.uniform(3.5, 6.5), one_side(chance)
    sign = SIGN[side]
    way = abreast(chance, seconds, sign * (cast[0].width + cast[1].width + chance.uniform(-0.02, 0.03)), (0.5, 0.9))
    offer = Hand(
        side=side,
        to=Own(point=(0.48, -0.2, -0.52), palm=(0.0, -0.7, -0.7)),
        start=0.0,
        end=seconds,
        rise=0.01,
        elbow=(-0.4, 0.7, -1.0),
    )
    take = Hand(
        side=OTHER[side],
        to=On(region=f"{side}_forearm", towards=(0.3, 0.5 * sign, 0.8)),
        start=0.0,
        end=seconds,
        rise=0.01,
        elbow=(-0.5, 0.6, -1.0),
    )
    gait = walking(chance)
    return Script(
        seconds=seconds,
        a=Role(way=way[0], hands=(offer,), gait=gait, look=glances(chance, seconds)),
        b=Role(way=way[1], hands=(take,), gait=gait, look=glances(chance, seconds)),
        touches=(ScriptedContact(a=f"{side}_forearm", b=f"{OTHER[side]}_forearm", start=0.0, end=seconds, held=False),),
        words={"side_a": side, "side_b": OTHER[side]},
    )


ARM_ROUND = (
    "{a} walks with an arm around {b}'s shoulders.",
    "{a} puts the {side_a} arm around {b}'s shoulders[ as they walk|].",
    "[They walk|Two people walk] side by side, one with an arm around the other's shoulders.",
    "{a} lays the {side_a} hand on {b}'s {side_a} shoulder, the arm behind {b}'s neck.",
    "[Close together|Side by side], they walk, an arm around the shoulders of {b}.",
    "{a} [leads|walks] {b} along with an arm round {b}'s shoulders.",
)


def arm_round(cast: Cast, chance: Chance) -> Script:
    """They walk, a's arm round b's shoulders."""
    seconds, side = chance.uniform(3.5, 6.5), one_side(chance)
    sign = SIGN[side]
    way = abreast(chance, seconds, sign * chance.uniform(0.42, 0.47), (0.4, 0.8), 0.13)
    start = chance.uniform(0.6, 1.2)
    over = Hand(
        side=side,
        to=On(region=f"{side}_shoulder", towards=(-0.5, 0.7 * sign, 0.7)),
        start=start,
        end=seconds,
        rise=1.0,
        elbow=(-1.0, 0.3, 0.2),
    )
    gait = walking(chance)
    return Script(
        seconds=seconds,
        a=Role(
            way=way[0],
            hands=(over,),
            gait=gait,
            look=glances(chance, seconds),
            trunk=((start, 0.0, 0.0, 0.0), (start + 0.8, 3.0, 10.0 * sign, -4.0 * sign)),
        ),
        b=Role(way=way[1], gait=gait, look=glances(chance, seconds)),
        touches=tuple(
            ScriptedContact(a=f"{side}_forearm", b=place, start=start, end=seconds, held=False)
            for place in (f"{OTHER[side]}_shoulder", "back")
        ),
        words={"side_a": side},
    )


LEAD_BY_ARM = (
    "{a} [takes|holds] {b}'s arm and leads {b} [along|away].",
    "{a} [holds|grasps] {b}'s {side_b} forearm with the {side_a} hand and [walks ahead|leads the way].",
    "{a} [takes|grabs] {b}'s {side_b} wrist and leads {b} away.",
    "{b} is led [forward|along] by {a}, who holds {b}'s {side_b} forearm.",
    "One leads the other [forward|along] by the {side_b} arm.",
    "{a} walks ahead, holding {b}'s {side_b} wrist, and {b} follows.",
)


def lead_by_arm(cast: Cast, chance: Chance) -> Script:
    """a walks ahead and draws b along by the forearm."""
    seconds, speed, side = chance.uniform(3.5, 6.0), chance.uniform(0.5, 0.9), one_side(chance)
    sign = SIGN[side]
    start, length = chance.uniform(0.7, 1.1), speed * (seconds - 1.8)
    x, y = -chance.uniform(0.4, 0.5), sign * chance.uniform(0.36, 0.46)
    held = Hand(
        side=OTHER[side], to=Own(point=(0.72, -0.12, -0.5), palm=(0.0, -1.0, 0.0)), start=start, end=seconds - 0.4
    )
    grip = Hand(
        side=side,
        to=On(region=f"{OTHER[side]}_forearm", towards=(0.3, -0.6 * sign, 0.8)),
        start=start,
        end=seconds - 0.4,
        elbow=(-1.0, 0.5, -0.4),
    )
    gait = walking(chance)
    return Script(
        seconds=seconds,
        a=Role(
            way=travel((start, 0.0, 0.0, 0.0), (seconds - 0.5, length, 0.0, 0.0)),
            hands=(grip,),
            gait=gait,
            look=glances(chance, seconds),
        ),
        b=Role(
            way=travel((start + 0.1, x, y, 0.0), (seconds - 0.4, x + length, y, 0.0)),
            hands=(held,),
            gait=gait,
            look=((0.0, 0.4),),
        ),
        words={"side_a": side, "side_b": OTHER[side]},
    )


SUPPORT = (
    "{a} supports {b}, who limps[ along|].",
    "{b} limps with an arm over {a}'s shoulders.",
    "{a} [helps|supports] {b} while walking, with a hand on {b}'s back.",
    "{b} [lays|puts] the {side_b} arm over {a}'s shoulders and limps.",
    "{b} limps beside {a}, with the {side_b} hand on {a}'s {side_b} shoulder.",
    "[They walk|Two people walk] slowly, one supporting the other, who limps.",
)


def support(cast: Cast, chance: Chance) -> Script:
    """b limps, an arm over a's shoulders, and a's arm is round b's back."""
    side = one_side(chance)  # the side of a on which b walks
    sign, seconds = SIGN[side], chance.uniform(4.0, 7.0)
    length, y = chance.uniform(0.3, 0.45) * (seconds - 0.8), sign * chance.uniform(0.4, 0.44)
    over = Hand(
        side=OTHER[side],
        to=On(region=f"{OTHER[side]}_shoulder", towards=(-0.4, -0.7 * sign, 0.7)),
        start=0.0,
        end=seconds,
        rise=0.01,
        elbow=(-1.0, 0.3, 0.3),
    )
    round_back = Hand(
        side=side,
        to=On(region="back", towards=(-1.0, -0.5 * sign, 0.1)),
        start=0.0,
        end=seconds,
        rise=0.01,
        elbow=(-1.0, 0.0, 0.1),
    )
    sag = tuple(
        (float(t), 0.95 if i % 2 else 0.99) for i, t in enumerate([0.5 * k for k in range(int(2 * seconds) + 1)])
    )
    places = ((0.0, 0.0), (-0.1, y))
    ways = [travel((0.3, x, left, 0.0), (seconds - 0.3, x + length, left, 0.0)) for x, left in places]
    return Script(
        seconds=seconds,
        a=Role(
            way=ways[0],
            hands=(round_back,),
            gait=Gait(swing=0.42, width=0.1),
            trunk=((0.0, 6.0, 6.0 * sign, 3.0 * sign),),
            look=((0.0, 0.4),),
        ),
        b=Role(
            way=ways[1],
            hands=(over,),
            gait=Gait(swing=0.4, width=0.08, lift=0.03),
            height=sag,
            trunk=((0.0, 14.0, -6.0 * sign, 7.0 * sign),),
            look=((0.0, 0.0),),
        ),
        touches=tuple(
            ScriptedContact(a=place, b=f"{OTHER[side]}_forearm", start=0.0, end=seconds, held=False)
            for place in (f"{side}_shoulder", "back")
        ),
        words={"side_b": OTHER[side]},
    )
