"""People come close."""

import numpy as np

from sm_jax.synthetic.script import Hand, On, Own, Role, Script, ScriptedContact, travel
from sm_jax.synthetic.scripts.moves import OTHER, SIGN, Cast, Chance, bend, come_together, one_side
from sm_jax.types import Side

HUG = (
    "[Two people|They] hug [each other|].",
    "{a} and {b} [walk up to each other and|meet and] [embrace|hug].",
    "[Two people|Both] [embrace|hug each other], [chest to chest|holding tight|with their arms around each other].",
    "{a} hugs {b}, who hugs back.",
    "They put their arms around each other and [stay like that|hold each other] for a [while|moment].",
    "[After a hug|After embracing], {a} and {b} let go of each other.",
)


def hug(cast: Cast, chance: Chance) -> Script:
    """They meet, hug chest to chest and part. One arm of each goes over, the other under."""
    arrive, hold = chance.uniform(0.9, 2.0), chance.uniform(1.2, 3.0)
    start, end = arrive + 0.35, arrive + 0.35 + hold
    seconds = end + chance.uniform(0.9, 1.5)
    apart = cast[0].front + cast[1].front + chance.uniform(0.02, 0.05)
    apart += 0.25 * abs(cast[0].stature - cast[1].stature)
    way_a, way_b = come_together(chance, apart, arrive, end, seconds)
    high = one_side(chance)
    over = bend(start, end, (7.0, 0.0, 3.0))

    def embrace(mine: Side) -> tuple[Hand, ...]:
        """The arms open, then that of side `mine` goes over the other's shoulder, the other arm under."""
        openly = tuple(
            Hand(side=side, start=start - 0.8, end=end + 0.2, to=Own(point=(0.55, 0.5, 0.0 if side == mine else -0.45)))
            for side in OTHER
        )
        return openly + tuple(
            Hand(
                side=side,
                start=start,
                end=end,
                rise=0.65,
                fall=0.6,
                to=On(region="back", towards=(-1.0, 0.6 if side == "right" else -0.6, 0.45 if side == mine else -0.1)),
                elbow=(0.2, 1.0, 0.5) if side == mine else (-0.1, 1.0, -0.5),
            )
            for side in OTHER
        )

    # A high arm of one lies on the side where the other's arm is low: both are high on the same side of their own.
    return Script(
        seconds=seconds,
        a=Role(
            way=way_a,
            hands=embrace(high),
            trunk=over,
            look=((start - 0.5, 0.8), (start, 0.0), (end, 0.0), (end + 0.5, 0.8)),
        ),
        b=Role(
            way=way_b,
            hands=embrace(high),
            trunk=over,
            look=((start - 0.5, 0.8), (start, 0.0), (end, 0.0), (end + 0.5, 0.8)),
        ),
        touches=(ScriptedContact(a="chest", b="chest", start=start, end=end), *_arms_on_backs(start, end)),
    )


def _arms_on_backs(start: float, end: float) -> list[ScriptedContact]:
    """The forearms of both may lie on the other's back."""
    pairs = [pair for side in OTHER for pair in ((f"{side}_forearm", "back"), ("back", f"{side}_forearm"))]
    return [ScriptedContact(a=a, b=b, start=start, end=end, held=False) for a, b in pairs]


TAP = (
    "{a} walks up to {b} from behind and taps {b}'s {side} shoulder.",
    "{a} taps {b}'s {side} shoulder from behind[, and {b} turns round|].",
    "{b} stands with the back to {a}, who [comes up|walks up] and [touches|taps] {b}'s shoulder.",
    "{a} puts the {side} hand on {b}'s {side} shoulder from behind.",
    "[Tapped|Touched] on the shoulder from behind, {b} turns around[ to face {a}|].",
    "One taps the other's shoulder, who then turns around.",
)


def tap(cast: Cast, chance: Chance) -> Script:
    """a comes up from behind and taps b's shoulder; b turns round."""
    side = one_side(chance)
    sign = SIGN[side]
    arrive = chance.uniform(0.9, 1.9)
    start = arrive + chance.uniform(0.1, 0.4)
    end = start + chance.uniform(0.4, 0.9)
    seconds = end + chance.uniform(1.6, 2.2)
    apart, far = 0.62 * cast[0].arm + cast[1].back + 0.05, chance.uniform(0.4, 0.8) * arrive
    back = chance.uniform(0.3, 0.5)
    tapping = Hand(
        side=side,
        start=start,
        end=end,
        rise=0.6,
        beat=(-0.02, 0.0, 0.025),
        rate=chance.uniform(2.0, 3.0),
        to=On(region=f"{side}_shoulder", towards=(-0.3, 0.1 * sign, 1.0), fingers=(1.0, 0.0, 0.0), touch=False),
    )
    return Script(
        seconds=seconds,
        a=Role(
            way=travel(
                (0.0, -far, 0.0, 0.0), (arrive, 0.0, 0.0, 0.0), (end, 0.0, 0.0, 0.0), (end + 1.0, -back, 0.0, 0.0)
            ),
            hands=(tapping,),
            look=((0.0, 1.0),),
        ),
        b=Role(
            way=travel((end - 0.1, apart, 0.0, 0.0), (end + 1.3, apart + 0.08, 0.0, -180.0 * sign)),
            look=((0.0, 0.0), (end + 0.5, 0.0), (end + 1.2, 1.0)),
        ),
        touches=(ScriptedContact(a=f"{side}_hand", b=f"{side}_shoulder", start=start, end=end, held=False),),
        words={"side": side},
    )


PAT = (
    "{a} pats {b} on the back[ with the {side} hand|].",
    "{a} stands [beside|next to] {b} and pats {b}'s back.",
    "{a} [lays|puts] the {side} hand on {b}'s back and pats it.",
    "[Side by side|Next to each other], one pats the other's back.",
    "{b} gets a [friendly|gentle] pat on the back from {a}.",
    "One's {side} hand rests on the other's back[, patting it|].",
)


def pat(cast: Cast, chance: Chance) -> Script:
    """a stands beside b and pats b's back."""
    side = one_side(chance)  # a's hand; b stands on that side of a
    sign = SIGN[side]
    arrive = chance.uniform(0.8, 1.6)
    start = arrive + chance.uniform(0.1, 0.4)
    end = start + chance.uniform(1.0, 2.2)
    seconds = end + chance.uniform(0.8, 1.3)
    apart = cast[0].width + cast[1].width + chance.uniform(-0.04, 0.08)
    far, turn = chance.uniform(0.2, 0.7) * arrive, chance.uniform(0.0, 25.0) * sign
    spot = On(region="back", towards=(-1.0, -0.25 * sign, chance.uniform(0.0, 0.6)), touch=False)
    patting = Hand(
        side=side,
        to=spot,
        start=start,
        end=end,
        rise=0.8,
        beat=(-0.022, 0.0, 0.0),
        rate=chance.uniform(1.4, 2.2),
        elbow=(-0.8, 0.6, -0.6),
    )
    down = chance.uniform(0.0, 22.0)
    return Script(
        seconds=seconds,
        a=Role(
            way=travel((0.0, -far, 0.0, 0.0), (arrive, -0.06, 0.0, turn)),
            hands=(patting,),
            trunk=bend(start, end, (5.0, 12.0 * sign, 0.0)),
        ),
        b=Role(
            way=travel((0.0, 0.0, sign * apart, chance.normal(0.0, 8.0))),
            trunk=((0.0, down, 0.0, 0.0),),
            look=((0.0, 0.0), (start + 0.4, 0.0), (end, 0.8)),
        ),
        touches=(ScriptedContact(a=f"{side}_hand", b="back", start=start, end=end, held=False),),
        words={"side": side},
    )


WHISPER = (
    "{a} whispers [something |]into {b}'s ear.",
    "{a} leans over to {b} and whispers[ in {b}'s ear|].",
    "{a} [steps up to|comes close to] {b}'s {where} side and whispers to {b}.",
    "{a} [lays|puts] a hand on {b}'s {where} shoulder and whispers something.",
    "One whispers to the other, with a hand on the other's shoulder.",
    "{a} whispers to {b}[, close to the {where} ear|, a hand resting on {b}'s shoulder].",
)


def whisper(cast: Cast, chance: Chance) -> Script:
    """a comes to b's side, bends to an ear and lays a hand on the near shoulder."""
    where = one_side(chance)  # the side of b on which a comes up
    sign = SIGN[where]
    arrive = chance.uniform(0.9, 1.8)
    start = arrive + chance.uniform(0.2, 0.4)
    end = start + chance.uniform(1.2, 2.6)
    seconds = end + chance.uniform(0.9, 1.4)
    far, apart = chance.uniform(0.3, 0.7) * arrive, chance.uniform(0.46, 0.52)
    heading = -90.0 * sign - chance.uniform(0.0, 20.0) * sign
    hand = OTHER[where]  # a's hand nearer to b's back
    mouth = Hand(
        side=where,
        start=start,
        end=end,
        rise=0.8,
        fall=0.8,
        to=Own(point=(0.42, -0.18, 0.22), palm=(-0.2, -1.0, 0.1), fingers=(0.5, 0.0, 1.0)),
    )
    taller = float(np.clip((cast[0].stature - cast[1].stature) * 100.0, -8.0, 22.0))
    return Script(
        seconds=seconds,
        a=Role(
            way=travel((0.0, 0.02, sign * (apart + far), heading), (arrive, 0.02, sign * apart, heading)),
            hands=(
                Hand(
                    side=where, to=On(region=f"{where}_shoulder", towards=(0.2, 0.3 * sign, 1.0)), start=start, end=end
                ),
            )
            if chance.random() < 0.5
            else (
                Hand(
                    side=hand, to=On(region=f"{where}_shoulder", towards=(-0.3, 0.2 * sign, 1.0)), start=start, end=end
                ),
                mouth,
            ),
            trunk=bend(start, end, (9.0 + 0.8 * taller, 0.0, -5.0 * sign)),
            look=((0.0, 1.0),),
        ),
        b=Role(way=travel((0.0, 0.0, 0.0, 0.0)), trunk=bend(start, end, (0.0, 0.0, -6.0 * sign)), look=((0.0, 0.0),)),
        words={"where": where},
    )


BACK_TO_BACK = (
    "[Two people|They] stand back to back.",
    "{a} and {b} [lean|stand] back to back[, as if to compare their heights|].",
    "[They turn|Both turn] their backs on each other and lean back to back.",
    "Back to back, [they|{a} and {b}] [stand still|lean against each other].",
    "{a}'s back rests against {b}'s back.",
    "They [face|look] away from each other, back to back.",
)


def back_to_back(cast: Cast, chance: Chance) -> Script:
    """They step back until their backs touch."""
    arrive, hold = chance.uniform(0.6, 1.4), chance.uniform(1.5, 3.0)
    start, seconds = arrive + 0.2, arrive + 0.2 + hold + 1.0
    end = start + hold
    x = (cast[0].back + cast[1].back) / 2 + 0.005
    ways = [
        travel(
            (0.0, s * (x + far), 0.0, 90 - 90 * s),
            (arrive, s * x, 0.0, 90 - 90 * s),
            (end, s * x, 0.0, 90 - 90 * s),
            (seconds, s * (x + 0.35), 0.0, 90 - 90 * s),
        )
        for s in (-1.0, 1.0)
        for far in (chance.uniform(0.1, 0.4),)
    ]
    lean = ((start - 0.5, 0.0, 0.0, 0.0), (start, -2.0, 0.0, 0.0), (end, -2.0, 0.0, 0.0), (end + 0.5, 0.0, 0.0, 0.0))
    crossed = tuple(
        Hand(side=side, to=Own(point=(0.42, -0.42, z)), start=start, end=end, rise=1.0)
        for side, z in zip(OTHER, (-0.42, -0.5), strict=True)
    )
    fold = chance.random(2) < 0.5
    return Script(
        seconds=seconds,
        a=Role(way=ways[0], trunk=lean, look=((0.0, 0.0),), hands=crossed if fold[0] else ()),
        b=Role(way=ways[1], trunk=lean, look=((0.0, 0.0),), hands=crossed if fold[1] else ()),
        touches=(ScriptedContact(a="back", b="back", start=start, end=end),),
    )
