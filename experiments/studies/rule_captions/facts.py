"""Is a sentence true? Every clause that the rules may write, found in the words again and tested against true motion.

The tests are not the rules' own: they read rotations of the trunk instead of joints, vertices instead of capsules,
all frames instead of those that were seen. Each grants what a person who watches would: TOLERANCES says how much. A
clause that nobody here knows is an error, so that no new wording goes unchecked.
"""

import re
from collections.abc import Callable

import numpy as np

from experiments.studies.rule_captions.measures import (
    ARM,
    TRUNK,
    at_an_angle,
    back_to_back,
    bends,
    by_both,
    by_one,
    distance_change,
    distance_within,
    embrace,
    face_to_face,
    hand_in_hand,
    heading_range,
    joint_path,
    lies,
    one_behind,
    raises,
    same_way,
    side_by_side,
    sits,
    speed,
    touching,
    upright,
)
from experiments.studies.rule_captions.pairs import PairWindow

TOLERANCES = {
    "facing": "75 degrees to the partner's direction or between headings, in half of the frames",
    "standing": "nobody on the floor or a seat in half of the frames",
    "distance": "close: median below 1.05 m; far: above 1.6 m",
    "movement": "0.15 m nearer or farther; 90 degrees around each other; a trunk by 120 degrees; 0.25 m/s",
    "postures": "half of the frames, a third for arms; trunk 30, thighs 50 degrees from the vertical; hand at the ear",
    "touch": "8 cm between vertices, which stand 4 cm apart, in any frame; 0.3 s of it for holding hands",
}
Test = Callable[[PairWindow], bool]

OPENINGS: tuple[tuple[str, str, Test], ...] = (
    ("distance", "close together|within reach|at close range", distance_within(0.0, 1.05)),
    ("distance", "far apart|well apart", distance_within(1.6, np.inf)),
    ("facing", "face each other|face to face|are turned towards each other", face_to_face),
    ("facing", "back to back|turn their backs on each other", back_to_back),
    ("facing", "are one behind the other|with one behind the other", one_behind),
    ("facing", "side by side|are next to each other", side_by_side),
    ("facing", "face the same way|look in the same direction", same_way),
    ("facing", "at an angle to each other|are half turned to each other", at_an_angle),
    ("standing", "stand", upright),
    ("nothing", "are together|^are$", lambda pair: True),
)
CLAUSES: tuple[tuple[str, str, Test], ...] = (
    ("approach, part", "coming closer|getting nearer to each other", lambda pair: distance_change(pair) < -0.15),
    ("approach, part", "moving apart|getting farther from each other", lambda pair: distance_change(pair) > 0.15),
    ("circle", "turning around each other|circling each other",
     lambda pair: heading_range(joint_path(pair, "pelvis")[1] - joint_path(pair, "pelvis")[0]) > 90),
    ("turn", "one (turning around|spinning)", lambda pair: max(heading_range(v) for v in pair.forward) > 120),
    ("still, move", "stepping around|moving through the room", lambda pair: speed(pair) > 0.25),
    ("still, move", "staying in place|hardly moving from the spot", lambda pair: speed(pair) < 0.25),
    ("posture", "both (lying down|on the ground)", by_both(lies)),
    ("posture", "one (lying down|on the ground)", by_one(lies)),
    ("posture", "both (sitting|seated)", by_both(sits)),
    ("posture", "one (sitting|seated)", by_one(sits)),
    ("posture", "both (bending over|leaning far over)", by_both(bends)),
    ("posture", "one (bending over|leaning far over)", by_one(bends)),
    ("posture", "both (with raised arms|with a hand above the head)", by_both(raises, 1 / 3)),
    ("posture", "one (with raised arms|with a hand above the head)", by_one(raises, 1 / 3)),
    ("embrace", "holding each other in their arms|embracing|with arms around each other", embrace),
    ("holding hands", "holding hands|hand in hand|with their hands joined", hand_in_hand),
    ("hands touching", "their hands touching|touching hands", touching(("hand",), ("hand",))),
    ("hand on arm", "(a hand on|one touching) the other's arm", touching(("hand",), ARM)),
    ("hand on body", "(a hand on|one touching) the other's body", touching(("hand",), TRUNK)),
    ("arm on body", "an arm against the other's body|one with an arm against the other", touching(ARM, TRUNK)),
    ("arms touching", "their arms touching|arm against arm", touching(ARM, ARM)),
)  # fmt: skip


def check(sentence: str, pair: PairWindow) -> list[tuple[str, str, bool]]:
    """(kind, clause, whether it is true) of every statement. Raises ValueError for words that nobody here knows."""
    opening, *clauses = sentence.removesuffix(".").split(", ")
    rest, found = re.sub(r"^(Two people|Two persons|A pair of people) ", "", opening), []
    for kind, pattern, test in OPENINGS:
        if match := re.search(pattern, rest):
            found.append((kind, match.group(), test(pair)))
            rest = rest.replace(match.group(), "", 1).strip()
    known = [next((one for one in CLAUSES if re.fullmatch(one[1], clause)), None) for clause in clauses]
    if rest or None in known:
        raise ValueError(f"nobody checks {rest or clauses[known.index(None)]!r} in {sentence!r}")
    return found + [(one[0], clause, one[2](pair)) for one, clause in zip(known, clauses, strict=True) if one]
