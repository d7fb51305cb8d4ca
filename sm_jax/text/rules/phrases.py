"""Contacts that a sentence speaks of: idioms (`they shake hands`) and plain grammar (`an arm around her waist`)."""

import dataclasses
import re
from typing import Literal, cast

from sm_jax.body.skeleton import PAIRED_REGIONS
from sm_jax.types import Side

_WORDS = {
    "head": "head face cheek forehead chin ear hair nose mouth lips jaw",
    "neck": "neck throat nape",
    "chest": "chest breast torso body",
    "belly": "belly stomach abdomen tummy",
    "back": "back spine",
    "waist": "waist hip lower-back",
    "shoulder": "shoulder",
    "upper_arm": "upper-arm biceps elbow",
    "forearm": "forearm wrist arm",
    "hand": "hand palm fist finger fingers knuckles",
    "buttock": "buttock bottom backside",
    "thigh": "thigh lap leg knee",
    "shin": "shin calf ankle",
    "foot": "foot feet toe heel shoe",
}
_REGION_OF = {word: region for region, words in _WORDS.items() for word in words.split()}
_REGION_OF |= {f"{word}s": region for word, region in _REGION_OF.items() if word not in ("feet", "fingers")}
_REGION = "|".join(sorted(_REGION_OF, key=len, reverse=True))
_SIDE = r"(?:(left|right|both)\s)?"
_FILLER = r"(?:\s\w+(?:'s?)?){0,4}?\s"  # "on the other person's", "with his"
_ON = r"(?:on|onto|upon|around|round|against|over|across|touching)"
_LIE = r"(?:\s(?:is\b|rest|l[iay]|plac|press|put|wrap|gent|firm|light|tight)\w*){0,2}?"  # "rests gently"
_GRIP = r"(?:hold|touch|grasp|clutch|tap|catch|pull|grab|grip|pat|seiz|strok|tak|squeez)[ebpt]?(?:e?s|ing|ed)?\b"
_GRIP_WITH = rf"(?:\swith\s(?:his|her|their|one|the|a)\s{_SIDE}({_REGION}))?"
_PLACED = re.compile(rf"\b{_SIDE}({_REGION}){_LIE}\s{_ON}({_FILLER}){_SIDE}({_REGION})\b")
_GRIPPED = re.compile(rf"\b{_GRIP}({_FILLER}){_SIDE}({_REGION})\b{_GRIP_WITH}")
# "pulls the other along by the left hand", "pats him on the back"
_TAKEN = re.compile(
    rf"\b(?:pull|drag|lead|guid|hold|tak|grab|help)\w*\s((?:[\w']+\s){{0,6}}?)by\s(?:one|both|a|an|the|his|her|their)\s"
    rf"{_SIDE}({_REGION})\b"
)
_PATTED = re.compile(
    rf"\b(?:pat|tap|slap|touch)\w*\s((?:[\w']+\s){{0,4}}?)on\s(?:the|his|her|their)\s{_SIDE}({_REGION})\b"
)
_NOT = re.compile(
    r"\b(?:no|not|never|without|nearly|almost|avoid(?:s|ed|ing)?|about to|tr(?:y|ies|ied|ying) to)\b|n't\b"
    r"|\bfail(?:s|ed|ing)? to\b"
)
# "one punches and the other dodges": what lasts a moment did not arrive
_EVADED = re.compile(r"\b(?:dodg|evad|avoid|side-?step)\w*|\b(?:miss(?:es|ed|ing)?|duck(?:s|ed|ing)?)\b")
_ALONE = re.compile(r"\bown\b|\bhands? on (?:his |her |their )?hips\b")
_STEP = re.compile(r"[.;!?]|\bthen\b")  # what happens one after the other
_CLAUSE = re.compile(r",|\b(?=without\b)|\bbut\b|\bwhile\b")
_NOUN = r"(?:person|man|woman|guy|girl|boy|lady|dancer|fighter|player|figure|one)"
_NUMBERED = rf"%s {_NOUN}|the %s\b(?! (?:time|moment|half|part)\b)|(?:person|dancer) (?:%s)\b"
_STANDING = rf"{_NOUN} (?:(?:standing|sitting|who is) )?(?:on|at|to) the %s\b(?! (?:{_REGION})\b)"
_AT = rf"{_STANDING}|%s(?:most|-hand)? {_NOUN}\b"
Actor = Literal["person 0", "person 1", "left", "right"]
_ACTORS: dict[Actor, re.Pattern[str]] = {
    "person 0": re.compile(rf"\b(?:{_NUMBERED % ('first', 'first', '0|a')})"),
    "person 1": re.compile(rf"\b(?:{_NUMBERED % ('second', 'second', '1|b')})"),
    "left": re.compile(rf"\b(?:{_AT % ('left', 'left')})"),
    "right": re.compile(rf"\b(?:{_AT % ('right', 'right')})"),
}
# "is kicked by the first person", "gets a pat from the other": who comes next acts
_PASSIVE = re.compile(r"\b(?:is|are|was|were|gets?|got|being)\s[\w\s'-]*?\b(?:by|from)\s(?=the\b|person\b|dancer\b)")
_OTHER: dict[Actor, Actor] = {"person 0": "person 1", "person 1": "person 0", "left": "right", "right": "left"}
_THE_OTHER = re.compile(rf"^\s*(?:and )?the other(?: {_NOUN})?\s(?!{_NOUN}?'s)")


@dataclasses.dataclass(frozen=True, kw_only=True)
class PhraseContact:
    """A contact as words give it, before anyone looked when it happens.

    order: who has region_a: "person 0", "person 1", the one on the "left" or "right" of the picture, "each" of them at
    once, or "either".
    brief: it lasts a moment (a kick) and not as long as the people are near (holding hands).
    """

    region_a: str
    region_b: str
    side_a: Side | None = None
    side_b: Side | None = None
    order: Actor | Literal["each", "either"] = "either"
    brief: bool = False
    confidence: float = 0.8


def _touch(a: str, b: str, confidence: float, **more: object) -> PhraseContact:
    (side_a, region_a), (side_b, region_b) = (_sided(name) for name in (a, b))
    more = {"order": "each" if a == b else "either"} | more
    return PhraseContact(
        region_a=region_a, side_a=side_a, region_b=region_b, side_b=side_b, confidence=confidence, **cast("dict", more)
    )


def _sided(name: str) -> tuple[Side | None, str]:
    side, _, region = name.partition(" ")
    return (cast("Side", side), region) if region else (None, name)


_HUG = (
    _touch("chest", "chest", 0.7),
    _touch("left hand", "back", 0.6, order="each"),
    _touch("right hand", "back", 0.6, order="each"),
)
_IDIOMS: tuple[tuple[re.Pattern[str], tuple[PhraseContact, ...]], ...] = tuple(
    (re.compile(rf"\b(?:{pattern})"), touches)
    for pattern, touches in (
        (r"shak(?:e|es|ing)\s(?:\w+\s)?hands?\b|handshak", (_touch("right hand", "right hand", 0.9),)),
        (
            r"(?:hold|join|clasp)(?:s|ing|ed)?\s(?:both\s|each\sother's\s|one\sanother's\s)?hands\b|hand[\s-]in[\s-]hand|hands\sjoined",
            (_touch("hand", "hand", 0.9),),
        ),
        (r"hug(?:s|g\w+)?\b|embrac|cuddl", _HUG),
        (r"hands\sand\sclasp|hands\sclasped", (_touch("hand", "hand", 0.8),)),
        (r"clap(?:s|ping)?\b|pat-a-cake", (_touch("hand", "hand", 0.5, brief=True),)),
        (r"(?:hands|pass(?:es|ing)?)\s(?:\w+\s){1,3}?(?:over|to)\b", (_touch("hand", "hand", 0.5, brief=True),)),
        (r"high[\s-]fiv", (_touch("hand", "hand", 0.8, brief=True),)),
        (r"fist[\s-]bump", (_touch("hand", "hand", 0.8, brief=True),)),
        (r"kiss", (_touch("head", "head", 0.7, brief=True),)),
        (r"(?:cheek|forehead|head)\sto\s(?:cheek|forehead|head)\b", (_touch("head", "head", 0.8),)),
        (r"back\sto\sback\b|back-to-back", (_touch("back", "back", 0.6),)),
        (r"shoulder\sto\sshoulder\b", (_touch("shoulder", "shoulder", 0.7),)),
        (r"arm[\s-]in[\s-]arm\b|link(?:s|ing|ed)?\sarms\b", (_touch("forearm", "forearm", 0.8),)),
        (r"arm[\s-]wrestl", (_touch("right hand", "right hand", 0.9),)),
        (r"waltz|tango|clos(?:ed|e)\s(?:hold|position)\b", (_touch("hand", "hand", 0.6), _touch("hand", "back", 0.5))),
        (r"piggy-?back", (_touch("chest", "back", 0.8), _touch("hand", "thigh", 0.6))),
        (r"help(?:s|ing|ed)?\s(?:\w+\s){1,4}?up\b|help(?:s|ing|ed)?\sup\b", (_touch("hand", "hand", 0.6),)),
        (r"push|shov(?:e|ing)", (_touch("hand", "chest", 0.4, brief=True),)),
        (r"kick", (_touch("foot", "thigh", 0.3, brief=True),)),
        (r"punch", (_touch("hand", "chest", 0.3, brief=True),)),
        (r"slap", (_touch("hand", "head", 0.4, brief=True),)),
        (
            r"arms?\s(?:around|round)\s(?:each\sother|one\sanother)\b(?!')",
            (_touch("left forearm", "back", 0.7, order="each"), _touch("right forearm", "back", 0.7, order="each")),
        ),
        (
            rf"arms?\s(?:around|round)\s(?:him|her|the\sother|(?:his|her|the)\spartner)\b(?!'|\s(?:\w+\s)?(?:{_REGION})\b)",
            (_touch("forearm", "back", 0.7),),
        ),
    )
)


def parse_contacts(text: str) -> tuple[PhraseContact, ...]:
    """The contacts that an English text speaks of. What is denied (`without touching`), evaded (`the other
    dodges`: a blow of the same step, or of the one before) or unknown gives none."""
    steps: list[list[PhraseContact]] = []
    subject = None
    for step in _STEP.split(
        text.lower().replace("’", "'").replace("lower back", "lower-back").replace("upper arm", "upper-arm")
    ):
        if not step.strip():
            continue
        steps.append([])
        for clause in _CLAUSE.split(step):
            subject = _OTHER[subject] if subject and _THE_OTHER.search(clause) else _agent(clause) or subject
            if _NOT.search(clause) or _ALONE.search(clause):
                continue
            for touch in (*_idioms(clause), *_placed(clause), *_gripped(clause), *_held(clause)):
                ordered = dataclasses.replace(touch, order=subject) if subject and touch.order == "either" else touch
                steps[-1].append(ordered)
        if _EVADED.search(step):
            _leave_out_evaded(steps)
    return tuple(dict.fromkeys(touch for said in steps for touch in said))


def _leave_out_evaded(steps: list[list[PhraseContact]]) -> None:
    """Of the last step all that is brief; of the one before the same kinds, or all of it where the last names none."""
    kinds = {(touch.region_a, touch.region_b) for touch in steps[-1] if touch.brief}
    for said in steps[-2:]:
        said[:] = [t for t in said if not (t.brief and (not kinds or (t.region_a, t.region_b) in kinds))]


def _agent(clause: str) -> Actor | None:
    """Who acts in a clause, if anyone is named: of "is pushed by the first person" the first."""
    if passive := _PASSIVE.search(clause):
        after, before = clause[passive.end() :], _named(clause[: passive.end()])
        return _OTHER[before] if before and re.match(r"the other\b", after) else _named(after)
    return _named(clause)


def _named(words: str) -> Actor | None:
    """The one of the two who is named first, by number or by place in the picture, if any is."""
    starts: dict[Actor, int] = {
        actor: match.start() for actor, pattern in _ACTORS.items() if (match := pattern.search(words))
    }
    return min(starts, key=starts.__getitem__) if starts else None


def _idioms(clause: str) -> list[PhraseContact]:
    return [touch for pattern, given in _IDIOMS if pattern.search(clause) for touch in given]


def _placed(clause: str) -> list[PhraseContact]:
    """`left hand on the other's right shoulder`"""
    return [
        touch
        for match in _PLACED.finditer(clause)
        for touch in _plain(match[1], match[2], match[4], match[5], match[3])
    ]


def _gripped(clause: str) -> list[PhraseContact]:
    """`grabs the other's wrist with his left hand`"""
    return [
        touch
        for match in _GRIPPED.finditer(clause)
        if match[1].strip()
        or _REGION_OF[match[3]] not in ("hand", "back")  # "hold hands" is an idiom, "pulls back" none
        for touch in _plain(match[4], match[5] or "hand", match[2], match[3], match[1])
    ]


def _held(clause: str) -> list[PhraseContact]:
    """`pulls the other along by the left hand`, `pats him on the back`"""
    return [
        touch
        for pattern in (_TAKEN, _PATTED)
        for match in pattern.finditer(clause)
        for touch in _plain(None, "hand", match[2], match[3], match[1])
    ]


def _order(owner: str) -> Actor | Literal["each", "either"]:
    """Who has region_a, by the words before region_b: "each other's", "the second person's"."""
    if "each other" in owner or "one another" in owner:
        return "each"
    return _OTHER[actor] if (actor := _named(owner)) else "either"


def _plain(side_a: str | None, word_a: str, side_b: str | None, word_b: str, owner: str) -> list[PhraseContact]:
    region_a, region_b = _REGION_OF[word_a], _REGION_OF[word_b]
    both = side_a == "both" or (side_a is None and region_a in PAIRED_REGIONS and word_a in ("hands", "arms"))
    sides_a = ("left", "right") if both else (None if side_a == "both" else cast("Side | None", side_a),)
    one_b = None if side_b == "both" else cast("Side | None", side_b)
    order = _order(owner)
    return [PhraseContact(region_a=region_a, region_b=region_b, side_a=a, side_b=one_b, order=order) for a in sides_a]
