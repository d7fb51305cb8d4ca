"""Pushing, pulling and helping up."""

from sm_jax.synthetic.script import Hand, On, Own, Role, Script, ScriptedContact, travel
from sm_jax.synthetic.scripts.moves import (
    OTHER,
    SEAT,
    SIGN,
    Cast,
    Chance,
    arms,
    bend,
    join,
    kneel,
    one_side,
    shoulder_height,
    sit,
)
from sm_jax.synthetic.steps import Gait

PUSH = (
    "{a} pushes {b}[ away| back|], [who stumbles back|so that {b} steps back|hard].",
    "{a} [shoves|pushes] {b} [with both hands|in the chest].",
    "{a} puts both hands on {b}'s chest and pushes.",
    "{b} is pushed back by {a}[ and catches the balance|].",
    "[Someone walks up and pushes another person|One pushes the other] [backwards|away].",
    "{a} [walks|steps] up to {b} and gives {b} a push[ with both hands|].",
)


def push(cast: Cast, chance: Chance) -> Script:
    """a walks up to b and pushes b's chest with both hands; b stumbles back."""
    arrive = chance.uniform(0.8, 1.6)
    start = arrive + chance.uniform(0.1, 0.3)
    end, seconds = start + chance.uniform(0.25, 0.4), start + chance.uniform(1.6, 2.4)
    apart, thrown = chance.uniform(0.5, 0.58) * arms(cast), chance.uniform(0.35, 0.7)
    far = chance.uniform(0.2, 0.75) * arrive
    hands = tuple(
        Hand(
            side=side,
            start=start,
            end=end,
            rise=0.45,
            fall=0.5,
            to=On(region="chest", towards=(0.6, -0.8 * SIGN[side], 0.0), lift=0.035, fingers=(0.0, 0.0, 1.0)),
            elbow=(-0.2, 0.8, -0.8),
        )
        for side in OTHER
    )
    flail = tuple(
        Hand(side=side, to=Own(point=(0.45, chance.uniform(0.35, 0.6), -0.35)), start=end + 0.2, end=end + 0.5)
        for side in OTHER
    )
    x, lean = apart / 2, chance.uniform(10.0, 18.0)
    return Script(
        seconds=seconds,
        a=Role(
            way=travel(
                (0.0, -x - far, 0.0, 0.0),
                (arrive, -x, 0.0, 0.0),
                (start, -x, 0.0, 0.0),
                (end + 0.5, 0.12 - x, 0.0, 0.0),
            ),
            hands=hands,
            trunk=bend(start, end, (lean, 0.0, 0.0), 0.4),
            look=((0.0, 1.0),),
        ),
        b=Role(
            way=travel((end - 0.12, x, 0.0, 180.0), (end + 0.7, x + thrown, 0.0, 180.0)),
            hands=flail,
            trunk=(
                (start, 0.0, 0.0, 0.0),
                (end + 0.1, -8.0, 0.0, 0.0),
                (end + 0.6, 14.0, 0.0, 0.0),
                (seconds, 2.0, 0.0, 0.0),
            ),
            height=((end, 1.0), (end + 0.5, 0.93), (seconds, 1.0)),
            look=((0.0, 1.0),),
            gait=Gait(swing=0.3, double=0.04),
        ),
    )


PULL = (
    "{a} pulls {b} [along|closer] by [the {side_b} hand|one hand].",
    "{a} takes {b}'s {side_b} hand with the {side_a} hand and pulls {b} [along|forward].",
    "{a} walks backwards, holding {b}'s hand[ and pulling|].",
    "{a} [grabs|takes] {b}'s {side_b} hand, and {b} is pulled [forward|along].",
    "One [drags|pulls] the other [by the hand|along], and the other follows.",
    "{a} holds {b}'s {side_b} hand and pulls.",
)


def pull(cast: Cast, chance: Chance) -> Script:
    """a takes b's hand and pulls b along, walking backwards."""
    side_a, side_b = one_side(chance), one_side(chance)
    start = chance.uniform(0.8, 1.2)
    go, stop = start + chance.uniform(0.2, 0.5), start + chance.uniform(2.0, 3.2)
    seconds, way = stop + 0.8, chance.uniform(0.7, 1.4)
    x = chance.uniform(0.7, 0.8) * arms(cast) / 2
    lateral = 0.06 * (SIGN[side_a] - SIGN[side_b])
    hand_a, hand_b, touch = join(
        (side_a, side_b),
        (0.0, lateral, 0.72 * shoulder_height(cast)),
        (0.0, -SIGN[side_a], 0.0),
        (1.0, 0.0, 0.0),
        start,
        stop,
    )
    back, forth = chance.uniform(-12.0, -4.0), chance.uniform(4.0, 14.0)
    return Script(
        seconds=seconds,
        a=Role(
            way=travel((go, -x, 0.0, 0.0), (stop, -x - way, 0.0, 0.0)),
            hands=(hand_a,),
            trunk=bend(go, stop - 0.3, (back, 8.0 * SIGN[side_a], 0.0)),
            height=((start, 1.0), (go, 0.96), (stop, 1.0)),
        ),
        b=Role(
            way=travel((go + 0.15, x, 0.0, 180.0), (stop + 0.1, x - way, 0.0, 180.0)),
            hands=(hand_b,),
            trunk=bend(go, stop - 0.3, (forth, -8.0 * SIGN[side_b], 0.0)),
        ),
        touches=(touch,),
        words={"side_a": side_a, "side_b": side_b},
    )


PULL_UP = (
    "{b} sits on the [floor|ground] and {a} pulls {b} up[ by both hands|].",
    "{a} helps {b} [up from the floor|to stand up|get up].",
    "{a} [takes|holds] {b}'s hands with both hands and pulls {b} up.",
    "[Sitting on the floor|From the floor], {b} is pulled up by {a}.",
    "They hold hands, and {b} [stands|gets] up from the [ground|floor].",
    "One [pulls|helps] the other up from the floor.",
    "{b} stands up from the floor, holding hands with {a}.",
)


def pull_up(cast: Cast, chance: Chance) -> Script:
    """b sits on the floor; a takes both hands and pulls b up."""
    b = cast[1]
    start = chance.uniform(1.0, 1.5)
    up, done = start + chance.uniform(0.3, 0.7), start + chance.uniform(1.9, 2.6)
    seconds = done + chance.uniform(1.0, 1.6)
    apart, shift = chance.uniform(0.56, 0.64) * arms(cast), SEAT * (b.thigh + b.shin)
    x = apart / 2
    low, feet = sit(b, x + shift, 0.0, 180.0, done - 0.4)
    shoulder = shoulder_height(cast)
    hands = [
        join((side, OTHER[side]), (0.0, 0.16 * SIGN[side], z), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0), *span, fall=0.8)
        for side in OTHER
        for z, span in ((0.47 * shoulder, (start, done)),)
    ]
    high = [
        join(
            (side, OTHER[side]),
            (0.0, 0.16 * SIGN[side], 0.72 * shoulder),
            (0.0, 0.0, -1.0),
            (1.0, 0.0, 0.0),
            done,
            done + 0.3,
            rise=done - up,
        )
        for side in OTHER
    ]
    return Script(
        seconds=seconds,
        a=Role(
            way=travel((0.0, -x - chance.uniform(0.0, 0.4), 0.0, 0.0), (start - 0.4, -x, 0.0, 0.0)),
            hands=tuple(hand for a, _, _ in (*hands, *high) for hand in (a,)),
            height=((start - 0.9, 1.0), (start, 0.86), (up, 0.86), (done, 1.0)),
            trunk=(
                (start - 0.9, 0.0, 0.0, 0.0),
                (start, 42.0, 0.0, 0.0),
                (up, 38.0, 0.0, 0.0),
                (up + 0.6, 5.0, 0.0, 0.0),
                (done, 2.0, 0.0, 0.0),
            ),
        ),
        b=Role(
            way=travel((up, x + shift, 0.0, 180.0), (done - 0.5, x + 0.03, 0.0, 180.0)),
            hands=tuple(hand for _, b_hand, _ in (*hands, *high) for hand in (b_hand,)),
            hips=((up, -20.0, 0.0, 0.0), (up + 0.5, 0.0, 0.0, 0.0)),
            height=((up - 0.1, low), (up + 0.35 * (done - up), 0.42), (done, 1.0)),
            trunk=((0.0, 12.0, 0.0, 0.0), (start, 22.0, 0.0, 0.0), (up + 0.5, 48.0, 0.0, 0.0), (done, 4.0, 0.0, 0.0)),
            feet=feet,
        ),
        touches=tuple(ScriptedContact(a=touch.a, b=touch.b, start=start, end=done + 0.3) for _, _, touch in hands),
    )


COMFORT = (
    "{b} sits on the [floor|ground] and {a} comforts {b}.",
    "{a} [kneels|goes down on one knee] beside {b} and puts a hand on {b}'s {where} shoulder.",
    "{a} lays a hand on the shoulder of {b}, who sits on the floor.",
    "{b} sits [sadly |]on the floor, and {a} [kneels down|kneels] next to {b}.",
    "One sits, the other kneels [beside|next to it] with a hand on the other's {where} shoulder.",
    "{a} [walks up and |]kneels down to comfort {b}, a hand on {b}'s shoulder.",
)


def comfort(cast: Cast, chance: Chance) -> Script:
    """b sits on the floor; a kneels down beside and lays a hand on b's shoulder."""
    where, (me, other) = one_side(chance), cast  # the side of b on which a kneels
    sign = SIGN[where]
    arrive = chance.uniform(0.9, 1.6)
    down = arrive + 1.0
    start = down + chance.uniform(0.0, 0.3)
    seconds = start + chance.uniform(1.6, 3.0)
    low, feet = sit(other, 0.0, 0.0, 0.0, 99.0)
    heading = -90.0 * sign
    y, x, far = sign * (0.85 * me.thigh + 0.3), chance.uniform(-0.1, 0.1), chance.uniform(0.3, 0.7) * arrive
    hand = one_side(chance)
    height, knees = kneel(me, x, y, heading, one_side(chance), down, 99.0)
    lap = tuple(Hand(side=side, to=Own(point=(0.62, -0.1, -0.18)), start=0.0, end=seconds, rise=0.01) for side in OTHER)
    return Script(
        seconds=seconds,
        a=Role(
            way=travel((0.0, x, y + sign * far, heading), (arrive, x, y, heading)),
            hands=(
                Hand(
                    side=hand,
                    to=On(region=f"{where}_shoulder", towards=(0.0, 0.4 * sign, 1.0)),
                    start=start,
                    end=seconds,
                ),
            ),
            height=((arrive - 0.1, 1.0), (down, height)),
            feet=knees,
            trunk=((arrive - 0.1, 0.0, 0.0, 0.0), (0.5 * (arrive + down), 25.0, 0.0, 0.0), (down, 14.0, 0.0, 0.0)),
            look=((0.0, 1.0),),
        ),
        b=Role(
            way=travel((0.0, 0.0, 0.0, 0.0)),
            height=((0.0, low),),
            hips=((0.0, -20.0, 0.0, 0.0),),
            feet=feet,
            hands=lap,
            trunk=((0.0, chance.uniform(18.0, 30.0), 0.0, 0.0),),
            look=((start, 0.0), (start + 0.8, chance.uniform(0.0, 0.7))),
        ),
        words={"where": where},
    )
